"""The native API of indexes: documents in, nearest documents out."""
