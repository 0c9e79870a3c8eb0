"""Makes plans come true: the only room that writes to the cluster."""
