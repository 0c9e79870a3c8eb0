"""When a snapshot is due: pure functions of a cron expression and a clock."""
