"""From the book to docs/benchmarks.md and docs/performance.md; mended without measuring again."""
