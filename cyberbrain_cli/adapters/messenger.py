"""Telling people and watchdogs of a run: through Apprise, and by a plain HTTP ping."""

from __future__ import annotations

import logging
import threading
import time
import warnings
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

    def send(self, targets: tuple[str, ...], notice: Notice) -> Telling:
        """Begin to tell all targets at once."""
        calls = {
            f"The notification to '{name}'": _caller(_notify, self._targets[name], notice)
            for name in targets
        }
        return Telling(calls, self._timeout)

    def ping(self, name: str, beat: Beat) -> Telling:
        """Begin to say that a run begins or how it ended."""
        parts = urlsplit(self._pings[name])
        url = urlunsplit(parts._replace(path=parts.path.rstrip("/") + _PATHS[beat]))
        call = _caller(_get, url, self._timeout)
        return Telling({f"The {beat} ping to '{name}'": call}, self._timeout)


class Telling:
    """Calls that are made side by side from now on; implements `core.notice.Telling`."""

    def __init__(self, calls: Mapping[str, Callable[[], bool]], seconds: float) -> None:
        self._calls = calls
        self._late = f"did not end within {seconds:g} s"
        self._end = time.monotonic() + seconds
        self._results: dict[str, str] = {}
        self._news = threading.Condition()
        for item in calls.items():
            threading.Thread(target=self._attempt, args=item, daemon=True).start()

    def hurry(self, seconds: float) -> None:
        """Wait only so long from now on."""
        with self._news:
            end = time.monotonic() + seconds
            if end < self._end:
                self._end, self._late = end, "was not waited for"
            self._news.notify_all()

    def outcome(self) -> tuple[str, ...]:
        """A sentence for each call that failed or did not end in time."""
        with self._news:
            while len(self._results) < len(self._calls):
                left = self._end - time.monotonic()
                if left <= 0:
                    break
                self._news.wait(left)
            ends = {name: self._results.get(name, self._late) for name in self._calls}
        return tuple(f"{name} {why}." for name, why in ends.items() if why)

    def _attempt(self, name: str, call: Callable[[], bool]) -> None:
        try:
            result = "" if call() else "was refused"
        except Exception as error:  # noqa: BLE001 - a library's errors quote URLs; the kind is enough
            result = f"failed ({type(error).__name__})"
        with self._news:
            self._results[name] = result
            self._news.notify_all()


def _insist(names: tuple[str, ...], known: Mapping[str, str], where: str) -> None:
    for name in names:
        if name not in known:
            has = ", ".join(sorted(known)) or "nothing"
            raise UsageError(f"There is nobody named '{name}' to be told.", f"{where} has: {has}.")


def _caller(work: Callable[..., bool], *arguments: object) -> Callable[[], bool]:
    return lambda: work(*arguments)


def _notify(url: str, notice: Notice) -> bool:
    from apprise import Apprise, AppriseAsset, NotifyFormat, NotifyType, PersistentStoreMode

    _hush()
    asset = AppriseAsset(
        app_id="cyberbrain",
        async_mode=False,
        http_redirects=False,  # whoever is named is told, and nobody that they name
        storage_mode=PersistentStoreMode.MEMORY,
    )
    apprise = Apprise(asset=asset)
    kind = NotifyType.FAILURE if notice.failed else NotifyType.INFO
    return apprise.add(url) and bool(
        apprise.notify(notice.body, notice.title, kind, body_format=NotifyFormat.TEXT)
    )


def _get(url: str, timeout_seconds: float) -> bool:
    import requests

    _hush()
    with requests.get(url, timeout=timeout_seconds, allow_redirects=False, stream=True) as answer:
        return answer.status_code < 300


def _hush() -> None:
    """Libraries that log and warn write URLs and hosts into their messages."""
    for name in ("apprise", "urllib3"):
        logger = logging.getLogger(name)
        logger.handlers = [logging.NullHandler()]
        logger.propagate = False
    warnings.filterwarnings("ignore", module="urllib3")
