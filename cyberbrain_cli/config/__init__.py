"""Floor 3: settings: file < environment < flag."""
