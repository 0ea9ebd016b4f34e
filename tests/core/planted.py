"""Made-up secrets, where they are found, and lines that hold none."""

from __future__ import annotations

import string

from hypothesis import strategies as st

from cyberbrain_cli.core.redaction.names import PROSE

WORD = string.ascii_letters + string.digits


def words(size: int, alphabet: str = WORD) -> st.SearchStrategy[str]:
    return st.text(alphabet, min_size=size, max_size=size)


def prefixed(prefix: str, size: int, alphabet: str = WORD) -> st.SearchStrategy[str]:
    return words(size, alphabet).map(lambda rest: prefix + rest)


UPPER = string.ascii_uppercase + string.digits
HEX = "0123456789abcdef"
TOKENS = st.one_of(
    prefixed("AKIA", 16, UPPER),
    prefixed("ASIA", 16, UPPER),
    prefixed("AIza", 35),
    prefixed("ya29.", 60),
    prefixed("GOCSPX-", 28),
    prefixed("ghp_", 36),
    prefixed("ghs_", 36),
    prefixed("github_pat_", 82),
    prefixed("glpat-", 20),
    prefixed("glrt-", 20),
    prefixed("xoxb-", 40, WORD + "-"),
    prefixed("xapp-1-", 40),
    prefixed("sk_live_", 24),
    prefixed("rk_test_", 24),
    prefixed("sk-proj-0", 48),
    prefixed("sk-ant-api03-", 90),
    prefixed("hf_", 34),
    prefixed("npm_", 36),
    prefixed("pypi-AgEIcHlwaS5vcmc", 80),
    prefixed("hvs.", 24),
    prefixed("dop_v1_", 64, HEX),
    prefixed("dckr_pat_", 27),
    st.tuples(words(22), words(43)).map(lambda parts: f"SG.{parts[0]}.{parts[1]}"),
    st.tuples(words(30), words(60), words(43)).map(
        lambda parts: f"eyJ{parts[0]}.eyJ{parts[1]}.{parts[2]}"
    ),
)
SURROUNDINGS = st.sampled_from(
    [
        "{}",
        "token is {} now",
        '"{}"',
        "'{}'",
        "({})",
        "[{}]",
        "<{}>",
        "key={},next=1",
        "https://host/?k={}&x=1",
        "2026-11-23T02:59:01Z ERROR rejected {}",
        "{}\nsecond line",
        "first line\n{}",
        "a\\n{}\\nb",
        "%3D{}%26",
        "\\u0022{}\\u0022",
        '{{"msg": "used {}"}}',
        "\t{}\r\n",
        "`{}`",
    ]
)


NAMES = st.sampled_from([
    "password", "passwd", "pwd", "secret", "token", "api_key", "apikey", "api-key",
    "x-api-key", "access_key", "secret_key", "client_secret", "clientSecret", "DB_PASSWORD",
    "POSTGRES_PASSWORD", "dbPassword", "auth_token", "refresh_token",
    "aws_secret_access_key", "private_key", "passphrase", "credentials", "session_id",
    "SECRET_KEY_BASE", "encryption_key", "signing-key", "smtp.password", "PGPASSWORD",
    "password2",
])  # fmt: skip
PLAIN = (
    st.text(WORD + "!#$%*+-./@^_~", min_size=12, max_size=40)
    .filter(lambda text: text[0] not in "/-$%*" and text[-1] != "." and len(set(text)) > 6)
    .filter(lambda text: text.lower() not in PROSE)
)
ANY = st.text(
    st.characters(min_codepoint=32, max_codepoint=0x2FF, exclude_characters="\x85"),
    min_size=12,
    max_size=40,
).filter(lambda text: len(text.strip()) > 10 and len(set(text)) > 6)
UNQUOTED = st.sampled_from(
    ["{n}={v}", "{n}: {v}", "{n} = {v}", "{n}:{v}", "{n}=>{v}", "--{n} {v}", "--{n}={v}",
     "a=1 {n}={v} b=2", "https://host/?{n}={v}", "<{n}>{v}</{n}>", "{n}%3D{v}"]
)  # fmt: skip


READABLE = [
    "2026-11-23T02:59:01.123456789Z stderr dial tcp 10.0.3.17:5432: connect: connection refused",
    "commit 9fceb02d0ae598e95dc970b74767f19372d61af8 merged into main",
    "request 550e8400-e29b-41d4-a716-446655440000 took 12.5ms",
    "container 3f4e8c1b9a7d2c5e6f708192a3b4c5d6e7f8091a2b3c4d5e6f708192a3b4c5d6 died (137)",
    "pulled nginx@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "at com.zaxxer.hikari.pool.HikariPool.createTimeoutException(HikariPool.java:696)",
    'File "/usr/local/lib/python3.11/site-packages/redis/connection.py", line 707, in connect',
    'FATAL:  password authentication failed for user "app"',
    "invalid token: signature has expired",
    "SyntaxError: Unexpected token } in JSON at position 4",
    "prompt_tokens=3100 completion_tokens=412 max_tokens: 512 tokens: 3512 token_count=7",
    "secret_name: shop-tls secretName=shop-tls token_type: refresh password_file=/run/secrets/pw",
    "MountVolume.SetUp failed for volume: secret not found",
    "key=user:123 cache miss; primary key: 42; partition key=orders",
    "PWD=/srv/app OLDPWD=/",
    "password: required, api_key: missing, secret=null, token=*****, pwd=${DB_PASSWORD}",
    "Started getty@tty1.service and user@1000.service",
    "added lodash@4.17.21, left-pad@1.3.0 from git@github.com:left/pad.git",
    "order 1234567890123456 at 1699999999999999 (1732330741123456789)",
    "snowflake 1017234567890123456, 4111111111111112 is no card",
    "[::1]:8080 and fe80::1%eth0 and http://host:8080/path?a=1&b=2",
    "GET /api/v1/items/42?page=2&sort=name HTTP/1.1\" 502 157 \"-\" \"curl/8.5.0\"",
    "level=warn msg=\"basic authentication is off; bearer tokens only\" component=auth",
    "docker run -u 1000:1000 --name shop-db postgres:15",
    "kube-proxy sk-circle disk-usage-monitor task-runner-queue-processing-worker",
    "maxmemory-policy allkeys-lru; AOF fsync is taking too long (disk is busy?)",
    "CUDA error: out of memory; NVRM: Xid (PCI:0000:01:00): 79, pid=1234",
    "session opened for user root by (uid=0)",
    "-----BEGIN CERTIFICATE----- chain of 3 loaded",
]  # fmt: skip
