"""Makes the load, in a process of its own."""
