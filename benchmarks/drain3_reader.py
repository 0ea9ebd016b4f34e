"""What a Python user would write today: drain3 over the stream of docker-py."""

from __future__ import annotations

import sys

import docker
from drain3 import TemplateMiner
from drain3.masking import MaskingInstruction
from drain3.template_miner_config import TemplateMinerConfig

_MASKS = {
    "IP": r"\b\d{1,3}(?:\.\d{1,3}){3}\b",
    "UUID": r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b",
    "HEX": r"\b(?:0x)?[0-9a-f]{8,}\b",
    "NUM": r"(?<![A-Za-z])[-+]?\d+(?:\.\d+)?",
}


def miner() -> TemplateMiner:
    """drain3 with the masks that its documentation proposes."""
    settings = TemplateMinerConfig()
    settings.masking_instructions = [
        MaskingInstruction(pattern, mask) for mask, pattern in _MASKS.items()
    ]
    return TemplateMiner(config=settings)


def main() -> None:
    """Read a container's log to its end and group its lines."""
    socket, name = sys.argv[1:]
    found = miner()
    container = docker.DockerClient(f"unix://{socket}").containers.get(name)
    rest = b""
    for piece in container.logs(stream=True, timestamps=True):
        *lines, rest = (rest + piece).split(b"\n")
        for line in lines:
            found.add_log_message(line[31:].decode("utf-8", "replace"))
    print(len(found.drain.clusters))


if __name__ == "__main__":
    main()
