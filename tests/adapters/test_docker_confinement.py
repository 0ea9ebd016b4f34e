"""What confines a container, read from what a daemon says of it, honest or not."""

from __future__ import annotations

from typing import Any

import pytest

from cyberbrain_cli.adapters.docker_confinement import inspected


def told(*options: str) -> dict[str, Any]:
    host = {
        "SecurityOpt": list(options), "CapDrop": ["ALL"], "NetworkMode": "none",
        "ReadonlyRootfs": True, "Memory": 1, "NanoCpus": 1, "PidsLimit": 1, "Privileged": False,
    }  # fmt: skip
    return {"Image": "sha256:1", "Config": {"User": "1:1"}, "HostConfig": host, "Mounts": []}


@pytest.mark.parametrize(
    "option", ["no-new-privileges", "no-new-privileges=true", "no-new-privileges:true"]
)
def test_each_way_to_forbid_new_privileges_is_known(option: str) -> None:
    found = inspected(told(option), ())
    assert (found.no_new_privileges, found.extras) == (True, ())


@pytest.mark.parametrize(
    "option", ["no-new-privileges=false", "no-new-privileges:false", "seccomp=unconfined"]
)
def test_what_takes_the_protection_away_is_not_taken_for_it(option: str) -> None:
    found = inspected(told(option), ())
    assert (found.no_new_privileges, found.extras) == (False, (option,))
