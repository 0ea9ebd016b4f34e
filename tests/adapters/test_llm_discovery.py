"""Which model is taken, how much it can read, and where no request may go."""

from __future__ import annotations

import socket

import pytest

from cyberbrain_cli.adapters.llm_address import parse_address
from cyberbrain_cli.adapters.llm_discovery import Wanted, discover
from cyberbrain_cli.core.errors import ExitCode, LlmUnavailable, PolicyRefused, UsageError
from tests.adapters.asking import endpoint, find, request
from tests.stack.scripted_llm import ScriptedLlm


@pytest.mark.parametrize("path", ["", "/", "/v1", "/v1/"])
def test_a_base_url_may_end_with_v1_or_not(path: str) -> None:
    with ScriptedLlm(model="m", context_tokens=2048) as llm:
        found = find(llm.url + path)
        assert endpoint(llm.url + path).send(request(), with_schema=False).outcome == "ok"
    assert (found.info.model, found.info.context_tokens) == ("m", 2048)
    assert found.info.endpoint == f"127.0.0.1:{llm.port}"
    assert found.info.is_private


@pytest.mark.parametrize(
    ("owner", "server"), [("llamacpp", "llama.cpp"), ("vllm", "vLLM"), ("library", "Ollama")]
)
def test_each_server_is_asked_its_own_way_for_the_context(owner: str, server: str) -> None:
    with ScriptedLlm(owner=owner, context_tokens=3000) as llm:
        found = find(llm.url)
    assert (found.server, found.info.context_tokens) == (server, 3000)


def test_a_server_that_does_not_say_gets_what_is_configured_else_little() -> None:
    with ScriptedLlm(owner="someone") as llm:
        assert find(llm.url).info.context_tokens == 4096
        assert find(llm.url, context_tokens=9000).info.context_tokens == 9000


def test_a_configured_context_is_never_more_than_the_servers() -> None:
    with ScriptedLlm(context_tokens=2048) as llm:
        assert find(llm.url, context_tokens=9000).info.context_tokens == 2048
        assert find(llm.url, context_tokens=1000).info.context_tokens == 1000


def test_auto_takes_the_first_port_that_answers() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        closed = free.getsockname()[1]
    with ScriptedLlm(owner="vllm") as llm:
        found = discover(Wanted(), {closed: "llama.cpp", llm.port: "vLLM"})
    assert found.info.endpoint == f"127.0.0.1:{llm.port}"
    assert found.server == "vLLM"


def test_auto_that_finds_nothing_says_where_it_looked() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        closed = free.getsockname()[1]
    with pytest.raises(LlmUnavailable) as raised:
        discover(Wanted(), {closed: "llama.cpp"})
    assert f"{closed} (llama.cpp)" in raised.value.message
    assert "llm.endpoint" in raised.value.hint


def test_a_model_that_is_not_served_is_refused_with_what_is() -> None:
    with ScriptedLlm(owner="vllm", model="big") as llm:
        assert find(llm.url, model="big").info.model == "big"
        with pytest.raises(LlmUnavailable) as raised:
            find(llm.url, model="small")
    assert "big" in raised.value.hint


def test_a_llama_file_is_named_without_its_folders() -> None:
    with ScriptedLlm(model="/home/bob/models/tiny.Q4.gguf") as llm:
        assert find(llm.url).info.model == "tiny.Q4.gguf"


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/latest",
        "http://2852039166",
        "http://0xa9fea9fe:80",
        "http://[::ffff:169.254.169.254]",
        "http://[fe80::1]",
        "http://[fd00:ec2::254]",
        "http://100.100.100.200",
    ],
)
@pytest.mark.parametrize("allow_remote", [False, True])
def test_metadata_addresses_are_never_asked(url: str, allow_remote: bool) -> None:
    with pytest.raises(PolicyRefused):
        find(url, allow_remote=allow_remote)


@pytest.mark.parametrize(
    "url",
    ["http://8.8.8.8", "https://1.1.1.1/v1", "http://134744072", "http://[2001:4860:4860::8888]",
     "http://[::ffff:8.8.8.8]", "http://172.32.0.1", "http://user:pw@8.8.8.8"],
)  # fmt: skip
def test_remote_addresses_are_refused_with_the_setting_to_allow_them(url: str) -> None:
    with pytest.raises(PolicyRefused) as raised:
        find(url)
    assert raised.value.exit_code == ExitCode.REFUSED
    assert "llm.allow_remote: true" in raised.value.hint
    assert "pw" not in raised.value.message


def test_a_name_with_one_remote_address_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    entry = (socket.AF_INET, socket.SOCK_STREAM, 6, "")
    answers = [(*entry, ("10.0.0.1", 80)), (*entry, ("93.184.216.34", 80))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: answers)
    with pytest.raises(PolicyRefused):
        find("http://llm.example")


def test_a_name_that_comes_to_mean_something_else_is_not_followed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with ScriptedLlm() as llm:
        asked = endpoint(f"http://localhost:{llm.port}")
        entry = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("93.184.216.34", 80))
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [entry])
        with pytest.raises(PolicyRefused):
            asked.send(request(), with_schema=False)
        assert llm.chats == []


def test_credentials_in_the_url_are_sent_and_never_shown() -> None:
    with ScriptedLlm() as llm:
        found = find(f"http://bob:p%40ss@127.0.0.1:{llm.port}/v1")
        assert llm.requests[0].headers["Authorization"] == "Basic Ym9iOnBAc3M="
    assert "ss" not in found.info.endpoint
    assert "p%40ss" not in repr(found)
    assert "Ym9i" not in repr(found)


@pytest.mark.parametrize(
    "url",
    ["ftp://host", "http://", "http://host:99999", "http://host/?key=1", "http://ho st", "]["],
)
def test_what_is_no_base_url_is_wrong_usage(url: str) -> None:
    with pytest.raises(UsageError):
        parse_address(url)


def test_what_is_no_model_server_says_so() -> None:
    with ScriptedLlm(owner="x") as llm, pytest.raises(LlmUnavailable) as raised:
        find(f"{llm.url}/elsewhere")
    assert "names no model" in raised.value.message
    with pytest.raises(LlmUnavailable) as raised:
        find("http://no-such-host.invalid")
    assert "resolved" in raised.value.message
