"""Log times survive to the nanosecond, and people's times are read or refused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cyberbrain_cli.core.errors import UsageError
from cyberbrain_cli.core.timestamps import (
    format_ns,
    from_ns,
    parse_duration,
    parse_moment,
    parse_ns,
    to_ns,
)

NOW = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)


@given(st.integers(min_value=0, max_value=4_000_000_000_000_000_000))
def test_a_log_time_survives_being_written_and_read(time_ns: int) -> None:
    assert parse_ns(format_ns(time_ns)) == time_ns


@given(st.datetimes(datetime(1971, 1, 1), datetime(2100, 1, 1)))
def test_times_convert_without_loss_of_microseconds(naive: datetime) -> None:
    moment = naive.replace(tzinfo=UTC)
    assert from_ns(to_ns(moment)) == moment


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-23T02:59:01.123456789Z", "2026-11-23T02:59:01.123456789Z"),
        ("2026-11-23T02:59:01.5+01:00", "2026-11-23T01:59:01.500000000Z"),
        ("2026-11-23 02:59", "2026-11-23T02:59:00.000000000Z"),
        ("2026-11-23T02:59:01.1234567891234Z", "2026-11-23T02:59:01.123456789Z"),
    ],
)
def test_times_are_read_in_the_forms_that_docker_and_people_write(text: str, expected: str) -> None:
    assert format_ns(parse_ns(text)) == expected


@pytest.mark.parametrize(
    ("text", "back"),
    [
        ("90s", timedelta(seconds=90)),
        ("1h30m", timedelta(minutes=90)),
        ("7d", timedelta(days=7)),
        ("1.5h", timedelta(minutes=90)),
        ("250ms", timedelta(milliseconds=250)),
    ],
)
def test_a_duration_reaches_back_from_now(text: str, back: timedelta) -> None:
    assert parse_duration(text) == back
    assert parse_moment(text, NOW) == NOW - back


def test_a_bare_date_is_its_midnight_in_utc() -> None:
    assert parse_moment("2026-11-22", NOW) == datetime(2026, 11, 22, tzinfo=UTC)


@pytest.mark.parametrize(
    "text", ["", "yesterday", "5", "-1h", "2026-13-40", "9" * 40 + "w", "\uff11h"]
)
def test_nonsense_is_refused_with_examples(text: str) -> None:
    with pytest.raises(UsageError) as refused:
        parse_moment(text, NOW)
    assert "90s" in refused.value.hint
