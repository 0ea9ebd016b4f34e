"""What a model costs: as configured, else as published for hosted models."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from cyberbrain_cli.core.records import Price


def price_for(
    model: str, endpoint: str, is_private: bool, configured: Mapping[str, Price]
) -> Price | None:
    """The price in force, or None: unpriced.

    `configured` is by the model's name and wins. A private endpoint has no published price,
    whatever its model is called.
    """
    if model in configured:
        return configured[model]
    return None if is_private else _published(model, endpoint)


def _published(model: str, endpoint: str) -> Price | None:
    # Imported here, since its tables take a third of a second and most endpoints are private.
    from genai_prices import Usage, calc_price

    host = endpoint.rpartition(":")[0] or endpoint
    million = 1_000_000
    try:
        prompt = calc_price(
            Usage(input_tokens=million), model, provider_api_url=f"https://{host}/v1"
        )
        cached = calc_price(
            Usage(input_tokens=million, cache_read_tokens=million),
            model,
            provider_api_url=f"https://{host}/v1",
        )
        completion = calc_price(
            Usage(output_tokens=million), model, provider_api_url=f"https://{host}/v1"
        )
    except (LookupError, ValueError, TypeError):
        return None
    return Price(
        currency="USD",
        prompt_per_million=Decimal(prompt.total_price),
        cached_prompt_per_million=Decimal(cached.total_price),
        completion_per_million=Decimal(completion.total_price),
    )
