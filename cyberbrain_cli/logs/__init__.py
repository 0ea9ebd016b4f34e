"""Floor 1: log lines to patterns, findings and questions. Pure, and hostile input throughout."""
