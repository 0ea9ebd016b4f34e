"""One million lines become ten findings: the figures of docs/workers/log_triage.md.

`python -m benchmarks.worked_example [--lines N] [--model]`. A container writes a shop's ordinary
traffic with a few dozen lines of trouble in it; then the installed program triages it. Without
`--model` the digest is only previewed, and nothing is asked.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import docker as docker_sdk

from benchmarks import traffic
from benchmarks.triage_speed import PROGRAM, home
from cyberbrain_cli.adapters.llm_discovery import Wanted, discover
from cyberbrain_cli.adapters.token_counter import tokenize
from tests.stack import docker, llm, state

TROUBLE = (
    (0.40, 40, "2026-11-23T02:31:{n:02d}Z ERROR shop.db: connection refused by shop-db:5432"),
    (0.41, 12, "2026-11-23T02:31:{n:02d}Z ERROR shop.orders: order {n} could not be saved"),
    (0.55, 1, "2026-11-23T02:40:{n:02d}Z ERROR shop.disk: write /data/orders.idx: No space left on device"),
    (0.70, 1, "2026-11-23T02:50:{n:02d}Z ERROR shop.tls: certificate of payments.example.com has expired"),
    (0.80, 2, "2026-11-23T02:55:{n:02d}Z ERROR shop.db: deadlock detected while updating orders"),
    (0.90, 1, "2026-11-23T02:58:{n:02d}Z INFO  shop.jobs: giving up on job {n} after 5 attempts"),
    (0.95, 1, "panic: runtime error: index out of range [{n}] with length 3"),
)  # fmt: skip


def lines(count: int) -> Iterator[str]:
    """Ordinary traffic, each trouble from its place on."""
    starts = {int(count * place): (times, text) for place, times, text in TROUBLE}
    for number, line in enumerate(traffic.lines("traffic", count)):
        times, text = starts.get(number, (0, ""))
        yield from (text.format(n=step) for step in range(times))
        yield line


def start(client: docker_sdk.DockerClient, folder: str, count: int) -> Any:
    """The container, once it has written all of it."""
    with (Path(folder) / "shop.log").open("w", encoding="utf-8") as file:
        file.writelines(f"{line}\n" for line in lines(count))
    label = dict([docker.LABEL.split("=", 1)])
    made = client.containers.create(
        docker.IMAGE, ["cat", "/in/shop.log"], name=f"example-{os.getpid()}", network_mode="none",
        labels=label, volumes={folder: {"bind": "/in", "mode": "ro"}},
    )  # fmt: skip
    made.start()
    made.wait()
    return made


def ask(environment: dict[str, str], *arguments: str) -> dict[str, Any]:
    """The document that the program prints."""
    command = [PROGRAM, "launch", "--task", "log_triage", "--since", "3650d", "-o", "json"]
    done = subprocess.run(
        [*command, *arguments], env=environment, stdout=subprocess.PIPE, check=True
    )
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def tell(document: dict[str, Any], seconds: float) -> None:
    """What became of the lines."""
    (reading,) = document["run"]["jobs"][0]["containers"]
    findings = document["findings"]
    print(f"{reading['lines']:,} lines, {reading['bytes'] / 1e6:.1f} MB, {seconds:.1f} s")
    print(f"{reading['patterns']} patterns, {len(findings)} findings")
    for item in findings:
        print(f"  {item['severity']:8} x{item['count']:<6} {item['source']:4} {item['title']}")
    tokens = document["run"]["tokens"]
    print(f"tokens: {tokens['prompt']} prompt, {tokens['completion']} answer")
    for reason in document["run"]["degraded_reasons"]:
        print(f"degraded: {reason}")
    for story in document["stories"]:
        print(f"story: {story['text']}")


def main() -> int:
    """Write, read, tell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=1_000_000)
    parser.add_argument("--model", action="store_true", help="ask the small model, too")
    arguments = parser.parse_args()
    with state.locked():
        url, model = str(docker.up()["url"]), str(llm.up()["url"])
    client = docker_sdk.DockerClient(url)
    with tempfile.TemporaryDirectory() as folder:
        made = start(client, folder, arguments.lines)
        try:
            with home(url, made.name) as environment:
                environment["CYBERBRAIN_LLM__ENDPOINT"] = model
                before = time.perf_counter()
                document = ask(environment, *([] if arguments.model else ["--no-llm"]))
                tell(document, time.perf_counter() - before)
                (first, *_) = ask(environment, "--preview")["requests"]
                system, user = (item["content"] for item in json.loads(first["body"])["messages"])
                found = discover(Wanted(endpoint=model, timeout_seconds=60))
                whole = tokenize(found.wire(), found.info.model, system + user)
                data = tokenize(found.wire(), found.info.model, user.partition("\nEND DATA")[0])
                print(f"\n{data} tokens of data in a prompt of {whole}\n\n{user}")
        finally:
            made.remove(force=True, v=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
