"""The service's own API, under /api/v1, and /health."""
