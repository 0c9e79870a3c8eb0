"""From results to docs/benchmarks-index.md; mended without measuring again."""
