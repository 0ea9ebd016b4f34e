"""Our count of what logs are made of is not below the server's, and costs no request."""

from __future__ import annotations

import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cyberbrain_cli.adapters.token_counter import TokenCounter
from tests.adapters.asking import find
from tests.core.planted import READABLE
from tests.stack.scripted_llm import ScriptedLlm

FRAGMENTS = st.one_of(
    st.sampled_from(READABLE),
    st.text(st.characters(max_codepoint=126), max_size=40),
    st.text("0123456789abcdef-", max_size=40),
    st.integers().map(str),
    st.sampled_from(["\n", "    ", "\t\t\n", "=" * 40, "ошибка", "接続が拒否", "🔥", "a" * 60]),
)
TEXTS = st.lists(FRAGMENTS, min_size=1, max_size=30).map(" ".join)


@pytest.fixture(scope="module")
def real(llm_url: str) -> TokenCounter:
    found = find(llm_url)
    return TokenCounter.of_server(found.wire(), found.info.model)


@given(text=TEXTS)
@settings(deadline=None, max_examples=100, suppress_health_check=[HealthCheck.too_slow])
def test_logs_are_not_counted_below_the_real_server(real: TokenCounter, text: str) -> None:
    counted = real.server_count(text)
    assert counted is not None
    assert real.count(text) >= counted
    assert TokenCounter().count(text) >= counted


def test_log_text_is_not_counted_out_of_all_proportion(real: TokenCounter) -> None:
    text = "\n".join(READABLE)
    assert real.count(text) <= 1.4 * (real.server_count(text) or 0)


def test_counting_sends_no_text_of_ours() -> None:
    with ScriptedLlm() as llm:
        found = find(llm.url)
        counter = TokenCounter.of_server(found.wire(), found.info.model)
        before = len(llm.requests)
        assert counter.count("canary-1234") > 0
        assert len(llm.requests) == before
        assert not any(b"canary" in request.body for request in llm.requests)
        assert counter.server_count("canary-1234") == 7
        assert len(llm.requests) == before + 1


def test_every_calibration_of_one_server_counts_alike() -> None:
    with ScriptedLlm() as llm:
        found = find(llm.url)
        counts = {
            TokenCounter.of_server(found.wire(), "m").count("\n".join(READABLE)) for _ in range(2)
        }
    assert len(counts) == 1


def test_a_server_that_cannot_count_gets_the_safe_side() -> None:
    with ScriptedLlm(tokenizes=False) as llm:
        found = find(llm.url)
        counter = TokenCounter.of_server(found.wire(), "m")
    assert counter.rates == TokenCounter().rates
    assert counter.server_count("text") is None


@pytest.mark.parametrize("piece", [" ", "a", "ab1", '{"', "\n\t", "é", "=", "0"])
def test_counting_a_megabyte_takes_bounded_time(piece: str) -> None:
    text = piece * (1_000_000 // len(piece))
    begin = time.process_time()
    assert TokenCounter().count(text) <= len(text.encode()) + 2
    assert time.process_time() - begin < 5


def test_nothing_is_nearly_nothing() -> None:
    assert TokenCounter().count("") <= 2
