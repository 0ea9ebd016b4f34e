"""The real model server, until all tests share one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.stack.real_llm import real_llm


@pytest.fixture(scope="session")
def real_llm_url() -> Iterator[str]:
    with real_llm() as url:
        yield url
