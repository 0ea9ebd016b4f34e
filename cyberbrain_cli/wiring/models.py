"""The configured model endpoints, as the engine asks for them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

from cyberbrain_cli.adapters.llm_discovery import Discovery, Wanted, discover
from cyberbrain_cli.adapters.price_list import price_for
from cyberbrain_cli.adapters.token_counter import TokenCounter
from cyberbrain_cli.config.settings import EndpointSettings, LlmSettings, PriceSettings
from cyberbrain_cli.core.errors import UsageError
from cyberbrain_cli.core.ports import ChatEndpoint, ModelInfo, PreviewEndpoint
from cyberbrain_cli.core.records import Price


class ConfiguredModels:
    """Endpoints by name, prices by model; implements `core.ports.Models`."""

    def __init__(self, llm: LlmSettings, prices: Mapping[str, PriceSettings]) -> None:
        self._llm = llm
        self._prices = {model: price.as_price() for model, price in prices.items()}
        self._found: dict[ModelInfo, Discovery] = {}
        self._counters: dict[ModelInfo, TokenCounter] = {}

    def discover(self, endpoint: str | None, model: str | None) -> ModelInfo:
        """Ask a named endpoint (None: the default one) for its model."""
        found = discover(_wanted(self._settings(endpoint), model))
        self._found[found.info] = found
        return found.info

    def open(self, info: ModelInfo) -> ChatEndpoint:
        """A connection of one job to the endpoint."""
        from cyberbrain_cli.adapters.openai_llm import OpenAIEndpoint

        return OpenAIEndpoint(self._found[info], self._counter(info))

    def preview(self, info: ModelInfo) -> PreviewEndpoint:
        """The same, sending nothing."""
        from cyberbrain_cli.adapters.openai_llm import PreviewingEndpoint

        return PreviewingEndpoint(self._found[info], self._counter(info))

    def price(self, info: ModelInfo) -> Price | None:
        """The price in force now; None when unpriced."""
        return price_for(info.model, info.endpoint, info.is_private, self._prices)

    def counts_exactly(self, info: ModelInfo) -> bool:
        """Whether the server counts tokens itself."""
        return self._counter(info).server_count("ready") is not None

    def secrets(self) -> Iterator[str]:
        """The API keys of every endpoint, and passwords within their URLs."""
        for settings in (self._llm, *self._llm.endpoints.values()):
            if settings.api_key is not None:
                yield settings.api_key.get_secret_value()
            if password := urlsplit(settings.endpoint).password:
                yield password

    def _settings(self, endpoint: str | None) -> EndpointSettings:
        if endpoint is None:
            return self._llm
        if endpoint not in self._llm.endpoints:
            known = ", ".join(sorted(self._llm.endpoints)) or "none is configured"
            raise UsageError(
                f"There is no model endpoint named '{endpoint}'.",
                f"llm.endpoints has: {known}.",
            )
        return self._llm.endpoints[endpoint]

    def _counter(self, info: ModelInfo) -> TokenCounter:
        """Calibrated once a process: with a text of our own, so that a preview sends none."""
        if info not in self._counters:
            self._counters[info] = TokenCounter.of_server(self._found[info].wire(), info.model)
        return self._counters[info]


def _wanted(settings: EndpointSettings, model: str | None) -> Wanted:
    key = settings.api_key
    return Wanted(
        endpoint=settings.endpoint,
        model=model or settings.model,
        api_key=key.get_secret_value() if key else None,
        timeout_seconds=settings.timeout_seconds,
        allow_remote=settings.allow_remote,
        context_tokens=settings.context_tokens,
        max_parallel=settings.max_parallel,
    )
