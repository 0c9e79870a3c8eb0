"""Makes every EmbeddingIndex of a cluster real, and keeps it so."""

__version__ = "0.1.0"
