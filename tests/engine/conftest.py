"""What the engine's tests share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.engine.containers import Boxes, boxes_on


@pytest.fixture
def boxes(docker_host: str, docker_image: str) -> Iterator[Boxes]:
    assert docker_image
    with boxes_on(docker_host) as found:
        yield found
        assert found.runtime.leftovers(found.owner) == (), "something was left behind"
