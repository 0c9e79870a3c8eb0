"""How many pods an index is to have: pure functions of loads and a clock."""
