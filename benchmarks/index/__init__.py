"""`make bench-index`: measures indexes and writes docs/benchmarks-index.md."""
