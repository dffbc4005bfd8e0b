"""Stand-ins for outside services on loopback, speaking their real wire formats: for development and tests."""
