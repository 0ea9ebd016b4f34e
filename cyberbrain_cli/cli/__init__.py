"""Floor 5: what a person types. Typer and nothing else."""
