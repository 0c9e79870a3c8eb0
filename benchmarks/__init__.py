"""How fast, how right, how large: measured, beside what others are."""
