"""Floor 3: records to text."""
