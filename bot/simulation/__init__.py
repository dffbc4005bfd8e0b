"""People who are made up, and what becomes of their questions in the real assistant."""
