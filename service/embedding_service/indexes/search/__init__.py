"""Queries over the segments of one index: planned, executed, merged. Knows no SQL and no model."""
