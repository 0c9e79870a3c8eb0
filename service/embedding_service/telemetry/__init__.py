"""What is told to the outside: metrics on a registry passed in, logs, traces; no user's text."""
