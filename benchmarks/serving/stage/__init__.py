"""Everything that is measured, alive at once, and what measures it."""
