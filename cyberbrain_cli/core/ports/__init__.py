"""The outside world as the program sees it: one protocol for each thing that can be replaced."""

from __future__ import annotations

from cyberbrain_cli.core.ports.containers import ContainerHost, LogBatch, Window
from cyberbrain_cli.core.ports.gpus import Gpus, GpuWatch
from cyberbrain_cli.core.ports.journal import ActiveRun, History, Journal
from cyberbrain_cli.core.ports.model import (
    Attempt,
    ChatEndpoint,
    ChatReply,
    ChatRequest,
    Llm,
    ModelInfo,
    Models,
    PreviewEndpoint,
)
from cyberbrain_cli.core.ports.runtime import ContainerRunner, ContainerRuntime
from cyberbrain_cli.core.ports.world import (
    ArtifactStore,
    Clock,
    Documents,
    Identity,
    Locks,
    Progress,
    Report,
)

__all__ = [
    "ActiveRun",
    "ArtifactStore",
    "Attempt",
    "ChatEndpoint",
    "ChatReply",
    "ChatRequest",
    "Clock",
    "ContainerHost",
    "ContainerRunner",
    "ContainerRuntime",
    "Documents",
    "GpuWatch",
    "Gpus",
    "History",
    "Identity",
    "Journal",
    "Llm",
    "Locks",
    "LogBatch",
    "ModelInfo",
    "Models",
    "PreviewEndpoint",
    "Progress",
    "Report",
    "Window",
]
