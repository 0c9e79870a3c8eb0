"""Asks another server for vectors, over its binary route."""
