"""Floor 2: one module for each task worker, each with a typed WORKER constant."""
