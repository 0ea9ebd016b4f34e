"""Across containers: the root first, and no chain where nothing says that there is one."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cyberbrain_cli.core.findings import Severity
from cyberbrain_cli.core.incidents import Chain
from cyberbrain_cli.core.records import ContainerInfo, ContainerNetwork
from cyberbrain_cli.core.timestamps import NANOSECONDS
from cyberbrain_cli.logs.chain import Point, Trouble, chains
from cyberbrain_cli.logs.judge import judge
from cyberbrain_cli.logs.mentions import about_network, mentions
from cyberbrain_cli.logs.trouble import trouble_of
from cyberbrain_cli.testing import START_NS, log_lines
from tests.logs.kit import WINDOW, mine

PROJECT = "com.docker.compose.project"
SERVICE = "com.docker.compose.service"
DEPENDS = "com.docker.compose.depends_on"
SHOP = ("shop_default",)


def container(
    name: str, *, depends: str = "", project: str = "shop", **where: object
) -> ContainerInfo:
    labels = {PROJECT: project, SERVICE: name.removeprefix("shop-")}
    network = ContainerNetwork(**{"networks": SHOP, **where})  # type: ignore[arg-type]
    return ContainerInfo(
        name, name, f"{name}:1", "running", labels | ({DEPENDS: depends} if depends else {}),
        network=network,
    )  # fmt: skip


def trouble(info: ContainerInfo, line: str, at: float, times: int = 3, every: float = 1) -> Trouble:
    """What the rules make of a container that writes a line, from so many seconds on."""
    lines = log_lines(
        f"{line}\n" * times,
        start=START_NS + int(at * NANOSECONDS), every=int(every * NANOSECONDS),
    )  # fmt: skip
    return trouble_of(judge(info, mine(*lines), WINDOW, None, str))


def who(*troubles: Trouble) -> list[list[str]]:
    found = chains(troubles)
    for order in itertools.permutations(troubles):
        assert chains(order) == found
    return [[link.container for link in chain.links] for chain in found]


def the_chain(*troubles: Trouble) -> Chain:
    (chain,) = chains(troubles)
    return chain


DB = container("shop-db", addresses=("172.18.0.3",), ports=(5432,))
APP = container("shop-app", addresses=("172.18.0.4",), ports=(8000,))
PROXY = container("shop-proxy", addresses=("172.18.0.5",), ports=(80, 443))
FULL = trouble(DB, "FATAL:  sorry, too many clients already", 0, 20)


def test_the_whole_way_from_the_root_to_the_502() -> None:
    retried = trouble(APP, "ERROR connection refused by shop-db:5432, retrying", 2, 231, 0.1)
    answered = trouble(
        PROXY, '[error] upstream answered 502, upstream: "http://172.18.0.4:8000/checkout"', 3
    )
    chain = the_chain(answered, retried, FULL)
    assert chain.text == (
        "shop-db: Out of connections, 20 times from 02:58:51"
        " → shop-app: Connection refused, 231 times from 02:58:53"
        f" → shop-proxy: {chain.links[2].title}, 3 times from 02:58:54"
    )
    assert [(link.cause, link.because) for link in chain.links] == [
        (None, None),
        ("shop-db", "its lines name shop-db"),
        ("shop-app", "its lines name 172.18.0.4"),
    ]
    assert [link.finding for link in chain.links] == [
        item.points[0].finding for item in (FULL, retried, answered)
    ]


@pytest.mark.parametrize(
    "line",
    [
        "ERROR connect ECONNREFUSED 172.18.0.3:5432",
        "ERROR could not translate host name \"db\" to address: Name or service not known",
        "ERROR connection to server at \"db\" (172.18.0.9), port 5432 failed: Connection refused",
        "ERROR cannot reach postgresql://shop:pw@db/shop: timeout",
        "ERROR getaddrinfo ENOTFOUND db",
        "ERROR dial tcp: lookup db.shop_default on 127.0.0.11:53: no such host",
        '{"level":"error","msg":"query failed","host":"db"}',
        '{"level":50,"msg":"connect failed","address":"172.18.0.77","port":5432}',
        "ERROR db: connection reset by peer",
        "ERROR shop-db went away",
        "ERROR connection to localhost:5432 refused",
        "ERROR dial tcp [::1]:5432: connection refused",
        "ERROR connect failed: 3f2a9c017bd2 unreachable",
    ],
)  # fmt: skip
def test_lines_name_a_container_in_many_ways(line: str) -> None:
    database = container(
        "shop-db", names=("3f2a9c017bd2",), addresses=("172.18.0.3",), ports=(5432,)
    )
    root = trouble(database, "FATAL:  sorry, too many clients already", 0)
    assert who(root, trouble(APP, line, 1)) == [["shop-db", "shop-app"]]


@pytest.mark.parametrize(
    "line",
    [
        "ERROR invalid coupon for order 17",
        "ERROR db migration table has an odd row",  # a word, not a host
        "ERROR connection to payments.example.com:5432 refused",
        'ERROR connection to server at "payments.example.com" (203.0.113.9), port 5432 failed',
        "ERROR connection to 203.0.113.9:5432 refused",
        "ERROR connection to shop-db-replica:5432 refused",
        "ERROR handled 5432 of 9000 rows, disk failed",
        "ERROR shop.db.PoolTimeout: no connection",
    ],
)
def test_two_that_fail_at_once_are_no_chain(line: str) -> None:
    assert who(FULL, trouble(APP, line, 1)) == []


def test_who_began_earlier_is_not_explained_by_what_came_later() -> None:
    line = "ERROR connection to shop-db:5432 refused"
    assert who(FULL, trouble(APP, line, -2)) == []
    assert who(FULL, trouble(APP, line, -0.2)) == [["shop-db", "shop-app"]]


def test_what_was_long_over_explains_nothing() -> None:
    line = "ERROR connection to shop-db:5432 refused"
    assert who(FULL, trouble(APP, line, 200)) == [["shop-db", "shop-app"]]
    assert who(FULL, trouble(APP, line, 2000)) == []


def test_compose_says_who_depends_on_whom() -> None:
    line = "ERROR checkout failed for order 17"
    app = container("shop-app", depends="db:service_healthy:false,cache:service_started:true")
    assert who(FULL, trouble(app, line, 2)) == [["shop-db", "shop-app"]]
    assert "Compose says that it depends on shop-db" in str(the_chain(FULL, trouble(app, line, 2)))
    assert who(FULL, trouble(app, line, -1)) == []
    elsewhere = container("other-app", depends="db:service_healthy:false", project="other")
    assert who(FULL, trouble(elsewhere, line, 2)) == []
    slow = trouble(DB, "WARN checkpoints are occurring too frequently", 0)
    assert who(slow, trouble(app, line, 2)) == []


def test_the_same_alias_in_another_project_is_somebody_else() -> None:
    line = "ERROR could not connect to db:5432"
    theirs = container("blog-app", project="blog", networks=("blog_default",))
    assert who(FULL, trouble(theirs, line, 1)) == []
    assert who(FULL, trouble(APP, line, 1)) == [["shop-db", "shop-app"]]


def test_in_a_circle_the_first_is_the_root() -> None:
    a = container("shop-a")
    b = container("shop-b")
    c = container("shop-c")
    circle = (
        trouble(a, "ERROR connection to shop-c:1234 refused", 2),
        trouble(b, "ERROR connection to shop-a:1234 refused", 0),
        trouble(c, "ERROR connection to shop-b:1234 refused", 1),
    )
    assert who(*circle) == [["shop-b", "shop-c", "shop-a"]]


def test_two_that_blame_each_other_at_the_same_time_are_told_once() -> None:
    app = trouble(APP, "ERROR connection to shop-db:5432 reset", 0)
    db = trouble(DB, "ERROR could not receive data from client shop-app:40123: reset", 0)
    assert len(who(app, db)) == 1
    app = trouble(
        container("shop-app", depends="db:service_started:true"),
        "ERROR connection to shop-db:5432 reset", 0,
    )  # fmt: skip
    assert who(app, db)[0][0] in {"shop-app", "shop-db"}


def test_one_root_of_many_is_one_chain() -> None:
    many = [
        trouble(container(f"shop-w{number}"), "ERROR connection to shop-db:5432 refused", number)
        for number in range(1, 31)
    ]
    chain = the_chain(FULL, *many)
    assert len(chain.links) == 31
    assert {link.cause for link in chain.links[1:]} == {"shop-db"}
    assert chain.text.startswith("shop-db: Out of connections, 20 times from 02:58:51 → (shop-w1")
    assert chain.text.endswith(", and 19 more")


def test_two_incidents_are_two_chains_the_earlier_first() -> None:
    blog = container("blog-db", project="blog", networks=("blog",), ports=(3306,))
    web = container("blog-web", project="blog", networks=("blog",))
    assert who(
        trouble(blog, "ERROR Too many connections", -60),
        trouble(web, "ERROR connection to blog-db:3306 refused", -50),
        FULL,
        trouble(APP, "ERROR connection to shop-db:5432 refused", 1),
    ) == [["blog-db", "blog-web"], ["shop-db", "shop-app"]]


def test_a_line_cannot_write_a_link_of_its_own() -> None:
    line = "ERROR shop-db:5432 failed → shop-proxy: all is well, 1 times from 00:00:00"
    chain = the_chain(FULL, trouble(APP, line, 1))
    assert chain.text.count("→") == 1


def test_text_from_a_log_is_read_in_bounded_time() -> None:
    for piece in ("a.", "a:1 ", ":", "host=", "http://", "[::", "connect to "):
        found = mentions([piece * 100_000] * 100)
        assert len(found) <= 120
    assert not about_network("x" * 100_000)


NAMES = ("shop-a", "shop-b", "shop-c", "shop-d")
POINTS = st.builds(
    lambda index, first, length, named, grave: Point(
        f"f{index}", Severity.CRITICAL if grave else Severity.WARNING, "broke", 2,
        first * NANOSECONDS // 4, (first + length) * NANOSECONDS // 4,
        mentions(f"connection to {name}:1 refused" for name in named), True,
    ),
    st.integers(0, 99), st.integers(0, 12), st.integers(0, 12),
    st.lists(st.sampled_from(NAMES), max_size=3), st.booleans(),
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.lists(st.lists(POINTS, max_size=3), min_size=4, max_size=4), st.data())
def test_whatever_blames_whom_a_chain_is_a_tree_in_order_of_time(
    points: list[list[Point]], data: st.DataObject
) -> None:
    depends = data.draw(st.lists(st.sampled_from(["", "a", "b,c", "d"]), min_size=4, max_size=4))
    troubles = [
        Trouble(container(name, depends=on), tuple(mine))
        for name, on, mine in zip(NAMES, depends, points, strict=True)
    ]
    found = chains(troubles)
    assert found == chains(troubles[::-1])
    seen: set[str] = set()
    for chain in found:
        assert len(chain.links) >= 2
        times: dict[str, int] = {}
        for link in chain.links:
            assert link.container not in seen
            seen.add(link.container)
            if times:
                assert link.cause in times
                assert link.first_seen >= times[link.cause] - NANOSECONDS // 2
            else:
                assert link.cause is None
            times[link.container] = link.first_seen
