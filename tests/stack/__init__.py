"""The real services that tests, benchmarks and the demo run on.

`python -m tests.stack up|down|status [SERVICE ...]`; only the standard library is needed.
"""
