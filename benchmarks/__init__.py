"""Side by side with what a user would pick instead; every figure is a ratio within one run."""
