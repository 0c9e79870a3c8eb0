"""From results to docs/benchmarks-operator.md."""
