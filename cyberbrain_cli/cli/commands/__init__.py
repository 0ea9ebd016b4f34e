"""One module for each top-level command."""
