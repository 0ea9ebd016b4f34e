"""Telling people and watchdogs of a run: through Apprise, and by a plain HTTP ping."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit, urlunsplit

from cyberbrain_cli.core.errors import UsageError
from cyberbrain_cli.core.notice import Beat, Notice

_PATHS = {Beat.START: "/start", Beat.SUCCESS: "", Beat.FAIL: "/fail"}


class AppriseMessenger:
    """Targets and pings by name; implements `core.notice.Messenger`.

    A URL may hold a password or token: none is ever in a message, a warning or the log.
    """

    def __init__(
        self, targets: Mapping[str, str], pings: Mapping[str, str], timeout_seconds: float
    ) -> None:
        self._targets = targets
        self._pings = pings
        self._timeout = timeout_seconds

    def check(self, targets: tuple[str, ...], ping: str | None) -> None:
        """Raise UsageError for a name that the configuration does not have."""
        _insist(targets, self._targets, "notify.targets")
        _insist((ping,) if ping is not None else (), self._pings, "notify.pings")

    def send(self, targets: tuple[str, ...], notice: Notice) -> tuple[str, ...]:
        """Tell all targets at once; a sentence for each that was not reached in time."""
        calls = {
            f"The notification to '{name}'": _caller(_notify, self._targets[name], notice)
            for name in targets
        }
        return _all_within(self._timeout, calls)

    def ping(self, name: str, beat: Beat) -> tuple[str, ...]:
        """Say that a run began or how it ended; a sentence if that was not heard in time."""
        parts = urlsplit(self._pings[name])
        url = urlunsplit(parts._replace(path=parts.path.rstrip("/") + _PATHS[beat]))
        call = _caller(_get, url, self._timeout)
        return _all_within(self._timeout, {f"The {beat} ping to '{name}'": call})


def _insist(names: tuple[str, ...], known: Mapping[str, str], where: str) -> None:
    for name in names:
        if name not in known:
            has = ", ".join(sorted(known)) or "nothing"
            raise UsageError(f"There is nobody named '{name}' to be told.", f"{where} has: {has}.")


def _caller(work: Callable[..., bool], *arguments: object) -> Callable[[], bool]:
    return lambda: work(*arguments)


def _notify(url: str, notice: Notice) -> bool:
    from apprise import Apprise, AppriseAsset, NotifyFormat, NotifyType

    _hush("apprise")
    apprise = Apprise(asset=AppriseAsset(app_id="cyberbrain", async_mode=False))
    kind = NotifyType.FAILURE if notice.failed else NotifyType.INFO
    return apprise.add(url) and bool(
        apprise.notify(notice.body, notice.title, kind, body_format=NotifyFormat.TEXT)
    )


def _get(url: str, timeout_seconds: float) -> bool:
    import requests

    _hush("urllib3")
    return requests.get(url, timeout=timeout_seconds, allow_redirects=False).status_code < 300


def _hush(name: str) -> None:
    """Libraries that log write URLs into their messages."""
    logger = logging.getLogger(name)
    logger.propagate = False
    logger.disabled = True


def _all_within(seconds: float, calls: Mapping[str, Callable[[], bool]]) -> tuple[str, ...]:
    """Make the calls side by side; what became of those that failed or did not end in time."""
    results: dict[str, str] = {}

    def attempt(name: str, call: Callable[[], bool]) -> None:
        try:
            results[name] = "" if call() else "was refused"
        except Exception as error:  # noqa: BLE001 - a library's errors quote URLs; the kind is enough
            results[name] = f"failed ({type(error).__name__})"

    threads = [threading.Thread(target=attempt, args=item, daemon=True) for item in calls.items()]
    for thread in threads:
        thread.start()
    end = time.monotonic() + seconds
    for thread in threads:
        thread.join(max(0.0, end - time.monotonic()))
    ends = {name: results.get(name, f"did not end within {seconds:g} s") for name in calls}
    return tuple(f"{name} {why}." for name, why in ends.items() if why)
