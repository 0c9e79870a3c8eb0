"""What is told of an index: conditions, reasons, phase. Pure."""
