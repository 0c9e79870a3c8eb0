"""What `doctor` looks at: each file observes one thing, thinly, and judges what it saw, purely."""
