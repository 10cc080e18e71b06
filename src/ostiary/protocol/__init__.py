"""What the standards say, as values and checks: no I/O, no clock, no randomness."""
