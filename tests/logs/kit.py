"""Shorthands for tests of logs."""

from __future__ import annotations

from cyberbrain_cli.core.ports import Window
from cyberbrain_cli.core.records import ContainerInfo
from cyberbrain_cli.logs.judge import Judgement, judge
from cyberbrain_cli.logs.miner import Miner
from cyberbrain_cli.logs.patterns import Mined
from cyberbrain_cli.testing import LogLine, batch_of, log_lines

WINDOW = Window(None, 2**62)
APP = ContainerInfo(id="1", name="shop-app", image="shop:1", state="running")


def mine(*lines: LogLine, batch: int = 1000, most: int = 3000) -> Mined:
    miner = Miner(most)
    for start in range(0, len(lines), batch):
        miner.add(batch_of(lines[start : start + batch]))
    return miner.result()


def mine_text(text: str | bytes) -> Mined:
    return mine(*log_lines(text, every=1000))


def judged(text: str | bytes, container: ContainerInfo = APP, *, every: int = 1000) -> Judgement:
    mined = mine(*log_lines(text, every=every))
    return judge(container, mined, WINDOW, None, str)
