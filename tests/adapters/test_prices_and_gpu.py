"""Prices of hosted models, none for private ones; GPUs as the kernel shows them."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from cyberbrain_cli.adapters.gpu_probe import probe
from cyberbrain_cli.adapters.price_list import price_for
from cyberbrain_cli.core.records import Price

OWN = {"llama": Price("EUR", per_gpu_second=Decimal("0.0003"))}
OPENAI = "api.openai.com:443"


def test_a_configured_price_wins_everywhere() -> None:
    assert price_for("llama", "127.0.0.1:8080", True, OWN) == OWN["llama"]
    assert price_for("llama", OPENAI, False, OWN) == OWN["llama"]


def test_a_hosted_model_has_its_published_price() -> None:
    price = price_for("gpt-4o-mini", OPENAI, False, {})
    assert price is not None
    assert price.currency == "USD"
    assert (price.prompt_per_million, price.completion_per_million) == (
        Decimal("0.15"),
        Decimal("0.6"),
    )


def test_a_model_that_costs_more_for_long_prompts_has_the_price_of_short_ones() -> None:
    price = price_for("gemini-2.5-pro", "generativelanguage.googleapis.com:443", False, {})
    assert price is not None
    assert (price.prompt_per_million, price.cached_prompt_per_million) == (
        Decimal("1.25"),
        Decimal("0.125"),
    )
    assert price.completion_per_million == Decimal(10)


def test_a_private_endpoint_is_unpriced_whatever_its_model_is_called() -> None:
    assert price_for("gpt-4o-mini", "10.0.0.5:8000", True, {}) is None


def test_what_nobody_knows_is_unpriced() -> None:
    assert price_for("no-such-model", OPENAI, False, {}) is None
    assert price_for("gpt-4o-mini", "llm.example:443", False, {}) is None


def test_no_gpu(tmp_path: Path) -> None:
    assert probe(tmp_path) is None


def test_nvidia_is_named_by_its_driver(tmp_path: Path) -> None:
    card = tmp_path / "proc/driver/nvidia/gpus/0000:01:00.0"
    card.mkdir(parents=True)
    (card / "information").write_text("Model: \t\t NVIDIA H100\nIRQ: 1\n")
    assert probe(tmp_path) == "NVIDIA: NVIDIA H100"


def test_nvidia_in_a_container_is_seen_by_its_devices(tmp_path: Path) -> None:
    (tmp_path / "dev").mkdir()
    for name in ("nvidia0", "nvidia1", "nvidiactl", "nvidia-uvm"):
        (tmp_path / "dev" / name).touch()
    assert probe(tmp_path) == "NVIDIA: 2 device(s)"


def test_amd_is_seen_by_its_devices(tmp_path: Path) -> None:
    (tmp_path / "dev/dri").mkdir(parents=True)
    (tmp_path / "dev/kfd").touch()
    (tmp_path / "dev/dri/renderD128").touch()
    assert probe(tmp_path) == "AMD: 1 device(s)"
