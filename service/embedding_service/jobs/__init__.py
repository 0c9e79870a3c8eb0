"""Long work on indexes, with progress that any process can tell: its rows are in the record."""
