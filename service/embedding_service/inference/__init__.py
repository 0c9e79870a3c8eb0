"""Texts to vectors. Knows no HTTP and no index; `embedder` is its front door."""
