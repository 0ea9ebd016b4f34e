"""The level words and numbers of many loggers, as one severity."""

from __future__ import annotations

import re

from cyberbrain_cli.core.findings import Severity

INFO, WARNING, CRITICAL = Severity.INFO, Severity.WARNING, Severity.CRITICAL


def _all(words: str, severity: Severity) -> dict[str, Severity]:
    return dict.fromkeys(words.split(), severity)


WORDS: dict[str, Severity] = {
    **_all("trace trc trce verbose vrb debug dbg dbug debug1 debug2 debug3 debug4 debug5", INFO),
    **_all("info inf information informational notice note log status success ok normal", INFO),
    **_all("fine finer finest config audit default all silly http i d v t s n", INFO),
    **_all("warn warning wrn warnings deprecated w", WARNING),
    **_all("error err eror fail failed failure exception severe abort e", CRITICAL),
    **_all("crit critical crt fatal ftl fatl panic dpanic alert emerg emergency f c", CRITICAL),
}

_GRPC = {
    **_all("ok canceled cancelled not_found already_exists", INFO),
    **_all("invalid_argument permission_denied resource_exhausted failed_precondition", WARNING),
    **_all("aborted out_of_range unauthenticated", WARNING),
    **_all("unknown deadline_exceeded unimplemented internal unavailable data_loss", CRITICAL),
}
_GRPC_NUMBERS = (
    *("ok", "cancelled", "unknown", "invalid_argument", "deadline_exceeded", "not_found"),
    *("already_exists", "permission_denied", "resource_exhausted", "failed_precondition"),
    *("aborted", "out_of_range", "unimplemented", "internal", "unavailable", "data_loss"),
    "unauthenticated",
)


def of_word(word: str) -> Severity | None:
    """The severity of a level word of Go, Python, Java, .NET, syslog or klog."""
    return WORDS.get(word.strip().lower())


def of_number(level: int) -> Severity | None:
    """The severity of a numeric level: pino's and bunyan's from 10 to 60, syslog's from 0 to 7."""
    if 0 <= level <= 7:
        return of_syslog(level)
    if 10 <= level < 100:
        return CRITICAL if level >= 50 else WARNING if level >= 40 else INFO
    return None


def of_syslog(priority: int) -> Severity:
    """The severity of a syslog priority, with or without its facility."""
    level = priority % 8
    return CRITICAL if level <= 3 else WARNING if level == 4 else INFO


def of_http_status(status: int) -> Severity:
    """The severity of an HTTP response: the server's failures count, the client's hardly."""
    if 500 <= status <= 599:
        return CRITICAL
    return WARNING if status == 429 else INFO


def of_grpc_code(code: str) -> Severity | None:
    """The severity of a gRPC status code, by number, CamelCase or CONSTANT_CASE."""
    if code.isdigit():
        number = int(code[:3])
        return _GRPC[_GRPC_NUMBERS[number]] if number < len(_GRPC_NUMBERS) else None
    snake = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", code[:40]).lower()
    return _GRPC.get(snake)


def highest(*severities: Severity | None) -> Severity | None:
    """The highest of those that are known."""
    known = [severity for severity in severities if severity is not None]
    return max(known, key=lambda severity: severity.rank, default=None)


_BENIGN = re.compile(
    r"""(?ix)
    \b(?:0|no|zero|without(?:\ any)?|any|free\ of)\ (?:\w+\ )?
        (?:errors?|failures?|exceptions?|warnings?|problems?|faults?|panics?)\b
    | \b(?:errors?|err|failures?|failed|exceptions?|exc|warnings?|panics?|fatal)["']?\ ?[=:]\ ?["']?
        (?:<?nil>?|null|none|undefined|false|no|n/a|0(?![.\w])|-(?!\w)|""|''|\[\]|\{\})["']?
    | \b(?:errors?|exceptions?|failures?)[- ](?:translation|mapp(?:er|ing)|recovery|detection|
        logging|filters?|resolvers?)\b
    | \b(?:0)\ (?:failed|failing|denied|refused|timeouts?|timed\ out|aborted|killed)\b
    | \b(?:failed|denied|errored|aborted)["']?[=:]\ ?0(?![.\d])
    | \berror[-_ /.](?:log|page|pages|handler|handlers|handling|rate|rates|reporting|reporter|
        correction|code\ ?[=:]?\ ?0\b|budget|level|tracking|monitor|boundary|stack|free)s?\b
    | \b(?:on|log|show|display|stderr|access|max|last|stop|exit|handle|ignore|default)[-_]errors?\b
    | \bfail(?:[-_]?(?:over|safe|fast|back)|2ban|ure[-_](?:domain|threshold|detector))\w*
    | \b(?:will|to|would|might|may|can|could|should|if|when|unless|until|before|case)[ ]
        (?:it\ |this\ |that\ )?(?:fails?|error)\b
    | (?<![\w./-])[\w./-]{0,100}?(?:errors?|exceptions?|fail(?:ed|ure)?s?|panic|fatal)[\w-]{0,40}
        \.(?:html?|log|go|py|js|ts|rs|java|c|h|so|conf|ya?ml|json|txt|css|png|md|rb|php)\b
    | (?<![\w/.-])/[\w/.-]{0,200}?(?:error|exception|fail|panic|fatal)[\w/.-]{0,200}
    | (?<![\w-])--[\w-]{0,60}?(?:error|fail|panic|fatal)[\w-]{0,60}
    """
)
_SETTLED = re.compile(
    r"(?i)(?<!not )(?<!not be )(?<!never )\b(?:succe(?:ss|eded|ssful|ssfully)|recovered|resolved|"
    r"reconnected|healthy again|is now (?:ok|up|healthy)|retry ok)\b"
)
_GRAVE = re.compile(
    r"(?i)\b(?:errors?|fatal|panic(?:ked|king)?|critical|emergency|exception|segfault|traceback|"
    r"segmentation fault|core dumped|assertion failed|out of memory|oom[- ]?kill\w*|"
    r"corrupt(?:ed|ion)|unhandled|uncaught|aborted|abort trap)\b|[a-z](?:Error|Exception)\b"
)
_WORRYING = re.compile(
    r"(?i)\b(?:warn(?:ing)?|fail(?:s|ed|ure|ures|ing)?|unable|cannot|can't|could not|couldn't|"
    r"denied|refused|rejected|timed[- ]out|"
    r"time-?out(?!s?[\"']?(?:[=:(]|is|set|to|of|\s)*[\"']?(?:\d|<\w+>))|unreachable|unavailable|invalid|expired|"
    r"killed|deadlock|giving up|gave up|no space left|too many|exhausted|throttl\w+|unhealthy|"
    r"broken pipe|reset by peer|not responding|no route to host|deprecated)\b"
)


_FAR = 4000


def of_prose(text: str) -> Severity:
    """The severity of a line that names no level, from its words.

    Words that say that nothing is wrong ("0 errors", "error=nil") do not count; those of a
    line that says all ended well count less.
    """
    text = text[:_FAR]
    if not _GRAVE.search(text) and not _WORRYING.search(text):
        return INFO
    telling = _BENIGN.sub(" ", text)
    settled = _SETTLED.search(telling) is not None
    if _GRAVE.search(telling):
        return WARNING if settled else CRITICAL
    return WARNING if _WORRYING.search(telling) and not settled else INFO


def is_worrying(text: str) -> bool:
    """Whether the words of a line, whatever its level, hint at trouble."""
    return of_prose(text) is not INFO
