"""What keeps segments few, built and without dead rows, beside the searches. Knows no SQL."""
