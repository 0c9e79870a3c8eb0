"""What is measured once a turn, besides the loads."""
