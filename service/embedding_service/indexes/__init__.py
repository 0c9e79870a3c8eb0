"""Vectors to durable, searchable documents. Knows no HTTP and no model."""
