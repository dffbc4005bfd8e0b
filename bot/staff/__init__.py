"""The staff desk under `/staff`: see what citizens ask, correct what they are told, answer them."""
