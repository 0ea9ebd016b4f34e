"""The names that tell of a secret beside them, and the words that are none. Tables."""

from __future__ import annotations

import re

_SUFFIX = (
    r"(?![_.-]?(?:names?|files?|filename|path|dir|url|uri|types?|counts?|length|len|size|expir\w*"
    r"|exp|ttl|limits?|age|policy|version|used|usage|lifetime|valid\w*|status|required|resets?"
    r"|reset_at|endpoint|manager|store|mount|arn|provider|format|per_\w+|budget|ref|refs|bucket"
    r"|rate|rotation|created\w*|updated\w*|prompt|attempts?|enabled|disabled)(?![a-z0-9]))"
    r"(?!s?_(?:per|used|total|remaining|max|min)|(?<=token)s(?![a-z])|(?<=token)(?:iz|_?s_))"
)
_NAMES = (
    r"passwords?|passwd|passphrase|passcode|pwd|secrets?|token|api[\s_.-]?keys?|apikey"
    r"|access[_.-]?key|private[_.-]?key|secret[_.-]?key|auth[_.-]?key|account[_.-]?key"
    r"|encryption[_.-]?key|signing[_.-]?key|master[_.-]?key|credentials?|x-amz-signature"
    r"|sess(?:ion)?[_.-]?(?:id|key)|phpsessid|connect\.sid|mnemonic|seed[_ ]phrase"
)
_ALONE = r"pass|sig|cvv2?|cvc2?|ssn|otp|auth|authtoken|sshpass|requirepass|masterauth"
_HEADERS = r"authorization|cookie2?"
_SEPARATOR = (
    r"(?P<separator>\\{0,8}[\"'`\]]{0,2}[^\S\n]{0,8}(?:=>|:=|===?|=|::?|%3[aAdD]|>)[^\S\n]{0,8}"
    r"|\\{0,8}[\"'],[^\S\n]{0,4}(?=\\{0,8}[\"'\[]))"
)
# Both are matched against the text in lower case, which is several times faster than
# ignoring case.
KEY = re.compile(
    rf"(?:(?P<header>{_HEADERS})|(?:{_NAMES}){_SUFFIX}[a-z0-9_.-]{{0,40}}+|(?P<alone>{_ALONE}))"
    rf"{_SEPARATOR}"
)
OPTION = re.compile(
    rf"(?<![\w-])--?[a-z0-9_.-]{{0,40}}?(?:{_NAMES}|(?P<alone>pass)){_SUFFIX}[a-z0-9_-]{{0,20}}+"
    r"(?P<separator>[^\S\n]{1,8}(?!-))"
)
HINTS = (
    "pass", "pwd", "secret", "token", "key", "credential", "cookie", "authorization", "sess",
    "mnemonic", "phrase", "sig", "cvv", "cvc", "ssn", "otp", "auth", "connect.sid",
)  # fmt: skip
PROSE = frozenset({
    "a", "an", "and", "are", "at", "authentication", "because", "been", "but", "by", "cannot",
    "could", "denied", "does", "empty", "error", "expected", "expired", "failed", "failure",
    "false", "for", "found", "from", "has", "have", "if", "in", "incorrect", "invalid", "is",
    "it", "its", "length", "malformed", "may", "mismatch", "missing", "must", "n/a", "nil",
    "no", "none", "not", "null", "of", "ok", "on", "only", "or", "rejected", "required",
    "revoked", "should", "signature", "still", "that", "the", "this", "to", "too", "true",
    "unable", "unauthorized", "undefined", "unexpected", "unknown", "unset", "unsupported",
    "user", "was", "were", "when", "will", "with", "wrong", "yes",
})  # fmt: skip
NOTHING = frozenset({"true", "false", "null", "none", "nil", "undefined", "n/a"})
