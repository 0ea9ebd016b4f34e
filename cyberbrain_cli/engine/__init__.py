"""Floor 3: a run's life: registry, planner, guards, runner, recovery."""
