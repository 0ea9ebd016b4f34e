"""Floor 3: one file for each outside thing."""
