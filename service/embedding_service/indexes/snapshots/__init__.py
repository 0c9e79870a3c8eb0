"""Immutable, checksummed copies of an index, from which it can be rebuilt anywhere."""
