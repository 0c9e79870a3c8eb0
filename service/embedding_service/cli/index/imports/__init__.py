"""From a file to documents in an index, a batch at a time, going on where it was stopped."""
