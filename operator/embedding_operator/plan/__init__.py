"""What should change: pure functions of what was observed and of a clock."""
