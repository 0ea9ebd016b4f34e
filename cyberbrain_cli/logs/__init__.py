"""Floor 1: logs to findings, pure."""
