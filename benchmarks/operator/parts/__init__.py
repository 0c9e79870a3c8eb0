"""What is measured, in the order in which one operator's life has it."""
