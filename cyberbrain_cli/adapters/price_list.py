"""What a model costs: as configured, else as published for hosted models."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from cyberbrain_cli.core.records import Price
from cyberbrain_cli.core.tokens import MILLION

_ASKED = 1000
"""Tokens to ask the price of: some models cost more from 200,000 on, and no prompt is as long."""


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
    usages = (
        Usage(input_tokens=_ASKED),
        Usage(input_tokens=_ASKED, cache_read_tokens=_ASKED),
        Usage(output_tokens=_ASKED),
    )
    try:
        prompt, cached, completion = (
            Decimal(calc_price(usage, model, provider_api_url=f"https://{host}/v1").total_price)
            * (MILLION / _ASKED)
            for usage in usages
        )
    except (LookupError, ValueError, TypeError):
        return None
    return Price("USD", prompt, cached, completion)
