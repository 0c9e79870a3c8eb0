"""`make bench`: measures the serving of embeddings and writes docs/benchmarks.md."""
