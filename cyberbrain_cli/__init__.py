"""Unattended triage of Docker hosts with an LLM that runs on the operator's own hardware."""

__version__ = "0.1.0"
