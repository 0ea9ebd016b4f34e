"""What is recorded of runs, and the shapes that `--output json` prints.

The dataclasses are the published schema: `cyberbrain config schema --of run` is made from them.
"""

from __future__ import annotations

from cyberbrain_cli.core.records.beginnings import (
    FindingCount,
    JobSettlement,
    NewArtifact,
    NewJob,
    NewRun,
    PlannedWindow,
)
from cyberbrain_cli.core.records.gpus import (
    EccErrors,
    GpuClaim,
    GpuFacts,
    GpuInstance,
    GpuOwner,
    GpuProcess,
    GpuSample,
    GpuUse,
    Pcie,
)
from cyberbrain_cli.core.records.ledger import Cost, CostRow, LlmCall, Price, TokenCount
from cyberbrain_cli.core.records.listings import (
    AllowlistEntry,
    ArtifactCheck,
    ArtifactEntry,
    AuditEvent,
    DirectiveEntry,
    ImageEntry,
)
from cyberbrain_cli.core.records.readings import (
    ContainerInfo,
    ContainerNetwork,
    ContainerReading,
    Cursor,
    Gap,
    PatternSighting,
    Truncation,
)
from cyberbrain_cli.core.records.runs import (
    ArtifactRecord,
    ErrorRecord,
    JobRecord,
    RunDocument,
    RunRecord,
    RunSummary,
)
from cyberbrain_cli.core.records.services import (
    Attachment,
    Limits,
    Mount,
    PublishedPort,
    Reference,
    ServiceFacts,
    Sockets,
    Survey,
    TcpConnection,
    UnixListener,
)

__all__ = [
    "AllowlistEntry",
    "ArtifactCheck",
    "ArtifactEntry",
    "ArtifactRecord",
    "Attachment",
    "AuditEvent",
    "ContainerInfo",
    "ContainerNetwork",
    "ContainerReading",
    "Cost",
    "CostRow",
    "Cursor",
    "DirectiveEntry",
    "EccErrors",
    "ErrorRecord",
    "FindingCount",
    "Gap",
    "GpuClaim",
    "GpuFacts",
    "GpuInstance",
    "GpuOwner",
    "GpuProcess",
    "GpuSample",
    "GpuUse",
    "ImageEntry",
    "JobRecord",
    "JobSettlement",
    "Limits",
    "LlmCall",
    "Mount",
    "NewArtifact",
    "NewJob",
    "NewRun",
    "PatternSighting",
    "Pcie",
    "PlannedWindow",
    "Price",
    "PublishedPort",
    "Reference",
    "RunDocument",
    "RunRecord",
    "RunSummary",
    "ServiceFacts",
    "Sockets",
    "Survey",
    "TcpConnection",
    "TokenCount",
    "Truncation",
    "UnixListener",
]
