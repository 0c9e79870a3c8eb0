"""The dialect of text-embeddings-inference, for programs that were written for it.

Shapes after its router/src/http/types.rs of 2026-07. Where it answers 424 for a failed model or 400
for an empty list, this service keeps the one table of problems.py; the body has its shape.
"""
