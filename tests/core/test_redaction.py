"""No planted secret survives, and what is no secret stays readable."""

from __future__ import annotations

import json
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cyberbrain_cli.core.redaction import UNREADABLE, Redactor, redactor
from tests.core.planted import ANY, NAMES, PLAIN, READABLE, SURROUNDINGS, TOKENS, UNQUOTED, WORD

REDACT = Redactor().redact


@given(secret=TOKENS, surroundings=SURROUNDINGS)
def test_a_token_does_not_survive_anywhere(secret: str, surroundings: str) -> None:
    redacted = REDACT(surroundings.format(secret))
    assert secret not in redacted
    assert secret[-12:] not in redacted
    assert "[redacted:" in redacted


@given(name=NAMES, value=PLAIN, form=UNQUOTED)
def test_an_unquoted_value_beside_a_telling_name_does_not_survive(
    name: str, value: str, form: str
) -> None:
    assert value not in REDACT(form.format(n=name, v=value))


@given(name=NAMES, value=ANY)
def test_a_json_value_does_not_survive_however_deep_it_is_quoted(name: str, value: str) -> None:
    document = json.dumps({"user": "bob", name: value, "port": 5432})
    for _ in range(3):
        redacted = REDACT(document)
        written = json.dumps(value)[1:-1]
        assert value not in redacted
        assert written not in redacted
        assert "5432" in redacted
        document = json.dumps({"message": document})


@given(name=NAMES, value=ANY.filter(lambda text: "\\" not in text))
def test_a_python_value_does_not_survive(name: str, value: str) -> None:
    assert value not in REDACT(f"config: { ({name: value, 'port': 5432})!r}")


@given(
    scheme=st.sampled_from(["postgres", "amqp", "https", "redis", "mongodb+srv"]),
    user=st.text(WORD, max_size=8),
    password=st.text(WORD + "!#$%&*+-/?@^_~", min_size=12, max_size=24),
    quoting=st.sampled_from(["{}", '"{}"', "url={}", "connect to {} failed", "({})", "<{}>"]),
)
def test_a_password_in_a_url_does_not_survive(
    scheme: str, user: str, password: str, quoting: str
) -> None:
    for written in {password, quote(password, safe="")}:
        if written[0].isdigit():
            continue
        url = f"{scheme}://{user}:{written}@db.internal:5432/shop"
        assert written not in REDACT(quoting.format(url))
        assert written not in REDACT(json.dumps(quoting.format(url)).replace("/", "\\/"))
        assert quote(written, safe="") not in REDACT(quoting.format(quote(url, safe="")))


@pytest.mark.parametrize(
    ("line", "secret"),
    [
        ("Authorization: Bearer abcdefghijkl", "abcdefghijkl"),
        ("authorization=Bearer q1w2e3r4 status=401", "q1w2e3r4"),
        ("> Authorization: Basic Ym9iOmh1bnRlcjI=", "Ym9iOmh1bnRlcjI="),
        ("sent Basic Ym9iOmh1bnRlcjI= to the proxy", "Ym9iOmh1bnRlcjI="),
        ("Proxy-Authorization: Digest username=bob, response=6629fae4", "6629fae4"),
        ("headers=map[Authorization:[Bearer zzyyxxww] Accept:[*/*]]", "zzyyxxww"),
        ("('Authorization', 'Token 0123abcd')", "0123abcd"),
        ("Cookie: theme=dark; sid=s3cr3tc00kie", "s3cr3tc00kie"),
        ('{"set-cookie":["sid=s3cr3tc00kie; Path=/"]}', "s3cr3tc00kie"),
        ("X-Api-Key: s3cr3tk3y", "s3cr3tk3y"),
        ("X-Auth-Token=s3cr3tk3y", "s3cr3tk3y"),
        ("ALTER USER bob WITH PASSWORD 'hun''ter2'", "ter2"),
        ("CREATE USER 'a'@'%' IDENTIFIED BY 'hunter2!'", "hunter2!"),
        ("curl -u bob:hunter2 https://host/", "hunter2"),
        ("mysql -h db -uroot -phunter2 shop", "hunter2"),
        ("sshpass -p hunter2 ssh host", "hunter2"),
        ("requirepass hunter2", "hunter2"),
        ("https://0123456789abcdef0123@sentry.example/4", "0123456789abcdef0123"),
        ("AccountName=x;AccountKey=Zm9vYmFyYmF6cXV4MTIzNDU2Nzg5MA==;", "Zm9vYmFyYmF6"),
        ("https://blob/x?sv=2020&sig=Zm9vYmFyYmF6cXV4MTIzNDU2%3D", "Zm9vYmFyYmF6"),
        ("https://hooks.slack.com/services/T000/B000/XXXXYYYYZZZZ", "XXXXYYYYZZZZ"),
        ("//registry.example/:_authToken=0a1b2c3d", "0a1b2c3d"),
        ("passphrase: correct horse battery staple", "battery"),
        ('password="cut off in the midd', "cut off"),
        ("secrets: [alpha1, beta2]", "beta2"),
        ("aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "K7MDENG"),
        ("Sending to bob.smith+tag@mail.example.co.uk.", "bob.smith"),
        ("user=jürgen@exämple.de", "jürgen"),
        ("/unsubscribe?mail=bob%40example.com", "bob"),
        ("paid with 4111111111111111", "4111111111111111"),
        ("paid with 5500-0000-0000-0004.", "5500-0000"),
        ('{"pan":"3782 822463 10005"}', "822463"),
        ("\\n6011111111111117\\n", "6011111111111117"),
    ],
)
def test_secrets_by_example(line: str, secret: str) -> None:
    assert secret not in REDACT(line)


@pytest.mark.parametrize("line", READABLE)
def test_ordinary_lines_stay_as_they_are(line: str) -> None:
    assert REDACT(line) == line


@given(
    st.lists(
        st.one_of(
            TOKENS, PLAIN, ANY, NAMES, st.sampled_from(READABLE), st.text(max_size=20),
            st.sampled_from(["=", ": ", "://", "@", "[redacted:token]", "[redacted:", "]", '"',
                             "\\", "Bearer ", "Cookie: ", "--", "'", "\n", "[", "-----BEGIN "]),
        ),
        max_size=12,
    ).map("".join)
)  # fmt: skip
@settings(max_examples=500, deadline=None)
def test_redacting_twice_changes_nothing(text: str) -> None:
    once = REDACT(text)
    assert REDACT(once) == once


@pytest.mark.parametrize("count", [1, 5, 12, 30, 100])
def test_no_secret_hides_behind_others_that_it_is_glued_to(count: int) -> None:
    assert "0000" not in REDACT(f"dop_v1_{'0' * 64}" * count)


@given(st.text(max_size=200))
def test_any_text_is_redacted_without_a_failure(text: str) -> None:
    assert REDACT(text) != UNREADABLE


@given(secret=ANY, surroundings=SURROUNDINGS)
def test_known_secrets_do_not_survive_in_any_writing(secret: str, surroundings: str) -> None:
    redact = Redactor([secret, "redacted", "", "a"]).redact
    for written in (secret, json.dumps(secret)[1:-1], quote(secret, safe="")):
        redacted = redact(surroundings.format(written.replace("{", "(").replace("}", ")")))
        if "{" not in written and "}" not in written:
            assert written not in redacted
        assert redact(redacted) == redacted


def test_a_detector_that_fails_withholds_the_text(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: str) -> str:
        raise RuntimeError("boom")

    monkeypatch.setattr(redactor, "redact_emails", broken)
    assert REDACT("an ordinary line") == UNREADABLE


def test_the_forger_of_a_placeholder_hides_nothing() -> None:
    assert "hunter2" not in REDACT("password=[redacted:password]hunter2")
    assert "hunter2" not in REDACT('password="[redacted:password]hunter2"')
