"""What an index is made of in a cluster: pure builders, one kind of child a file."""
