"""Fakes for authors of task workers, and `run_worker`, which runs one without an engine.

Nothing here talks to Docker, a model, a database or the disk.
"""

from __future__ import annotations

from cyberbrain_cli.testing.clock import START, START_NS, CountingIds, TickingClock
from cyberbrain_cli.testing.gpus import FakeGpus
from cyberbrain_cli.testing.harness import MemoryArtifacts, SilentProgress, WorkerRun, run_worker
from cyberbrain_cli.testing.host import FakeHost, LogLine, batch_of, log_lines
from cyberbrain_cli.testing.llm import ScriptedLlm
from cyberbrain_cli.testing.runner import FakeRunner

__all__ = [
    "START",
    "START_NS",
    "CountingIds",
    "FakeGpus",
    "FakeHost",
    "FakeRunner",
    "LogLine",
    "MemoryArtifacts",
    "ScriptedLlm",
    "SilentProgress",
    "TickingClock",
    "WorkerRun",
    "batch_of",
    "log_lines",
    "run_worker",
]
