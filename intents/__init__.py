"""How we understand: pure and synchronous, text in, decision out."""
