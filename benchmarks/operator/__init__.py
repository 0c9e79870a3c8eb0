"""`make bench-operator`: measures the operator and writes docs/benchmarks-operator.md."""
