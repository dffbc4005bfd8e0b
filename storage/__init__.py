"""What we remember and count: async SQLAlchemy, and nothing else here."""
