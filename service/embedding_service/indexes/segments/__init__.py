"""Rows of one index in memory: one segment that grows, and sealed ones. Knows no SQL."""
