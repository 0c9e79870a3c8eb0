"""Conditions on metadata: what they are, how they are written, when they hold. Knows no vectors."""
