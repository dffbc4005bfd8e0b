"""What we say: data, its types, its loader and its check."""
