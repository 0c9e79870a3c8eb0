"""The parts of a run, each by itself: `measure(scale, folder)` gives a Result."""
