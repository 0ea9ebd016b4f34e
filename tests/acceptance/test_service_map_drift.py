"""What changes between two maps of the shop, which is this test's own."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path

import jsonschema
import pytest

from tests.acceptance.shops import LAUNCH, a_shop, allowing, told
from tests.acceptance.support import document
from tests.conftest import Cyberbrain
from tests.stack.shop import LISTED, Shop, image


@pytest.fixture
def shop(docker_host: str) -> Iterator[Shop]:
    with a_shop(docker_host) as found:
        yield found


@pytest.fixture
def listed(tmp_path: Path, docker_host: str, shop: Shop) -> Cyberbrain:
    return allowing(tmp_path, docker_host, shop)


def free_port(*, other_than: int) -> int:
    """A port of this host that nobody listens on."""
    with socket.create_server(("", 0)) as server:
        port = int(server.getsockname()[1])
    return port if port != other_than else free_port(other_than=other_than)


def test_what_came_and_went_is_told_by_the_job_and_between_runs(
    listed: Cyberbrain, shop: Shop
) -> None:
    """Redis is stopped; nginx has another image and other ports, and the hook leads nowhere."""
    before = document(listed(*LAUNCH, "-o", "json"))["run"]["id"]
    old_port, old_image = shop.web_port(), shop.inspect("web", "{{.Image}}")
    shop.docker("stop", shop.container("cache"))
    shop.docker("rm", "-f", shop.container("web"))
    newer = f"{image.IMAGE.partition(':')[0]}:{shop.name}"
    shop.docker("commit", shop.container("app"), newer)
    port = free_port(other_than=old_port)
    shop.web(f"0.0.0.0:{port}:81", used_image=newer)
    try:
        launched = document(listed(*LAUNCH, "-o", "json"))
        new_image = shop.inspect("web", "{{.Image}}")
    finally:
        shop.docker("rm", "-f", shop.container("web"))
        shop.docker("image", "rm", "-f", newer)
    names = {service: shop.container(service) for service in LISTED}
    ours = {row for row in told(launched) if row[0]}  # other tests' containers come and go too
    assert {row for row in ours if "memory" not in row[1]} == {
        (names["app"], f"Depends on {names['cache']}, which is exited"),
        (names["worker"], f"Depends on {names['cache']}, which is exited"),
        (names["web"], "Published on every address of the host"),
        (names["web"], "Runs another image than in the last run"),
        (names["web"], "Other ports of the host lead to it"),
        (names["worker"], "Has to do with others than in the last run"),
    }
    after = launched["run"]["id"]
    done = listed("runs", "diff", str(before), str(after), "-o", "json")
    schema = listed("config", "schema", "--of", "diff").stdout
    jsonschema.validate(document(done), json.loads(schema))
    (drift,) = document(done)["service_maps"]
    web = f"container:{names['web']}"
    assert drift["job"] == "service_map"
    assert drift["changes"]["images"] == [
        {"container": web, "before": old_image, "after": new_image}
    ]
    assert drift["changes"]["edges_added"] == [], "whose address is free again is not outside"
    gone = {"source": f"container:{names['app']}", "target": f"container:{names['cache']}"}
    assert {**gone, "kind": "connection"} in drift["changes"]["edges_removed"]
    (ports,) = drift["changes"]["ports"]
    assert ports["removed"] == [f"127.0.0.1:{old_port}→80"]
    assert ports["added"] == [f"0.0.0.0:{port}→81"]
    for shown in (
        listed("runs", "diff", str(before), str(after)).stdout,
        listed("runs", "diff", str(before), str(after), "-o", "markdown").stdout,
    ):
        for part in ("Service map", names["web"], new_image[7:19], "→81"):
            assert part in shown
