"""A model that says what it was told to say."""

from __future__ import annotations

from collections.abc import Callable

from cyberbrain_cli.core.ports import ChatReply, ChatRequest, ModelInfo


class ScriptedLlm:
    """A model that gives prepared answers; implements `core.ports.Llm`.

    Each answer is text, a reply, an error to raise, or a function of the request. The last one
    is given again and again. What was asked is in `requests`.
    """

    def __init__(
        self,
        *answers: str | ChatReply | Exception | Callable[[ChatRequest], str],
        context_tokens: int = 8192,
        max_parallel: int = 1,
    ) -> None:
        self._answers = answers or ('{"findings": []}',)
        self.info = ModelInfo("scripted", "scripted-1", context_tokens, True, max_parallel)
        self.requests: list[ChatRequest] = []

    def count(self, text: str) -> int:
        """Two bytes a token."""
        return (len(text.encode()) + 1) // 2

    def ask(self, request: ChatRequest) -> ChatReply:
        """The next answer."""
        answer = self._answers[min(len(self.requests), len(self._answers) - 1)]
        self.requests.append(request)
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, ChatReply):
            return answer
        return ChatReply(answer if isinstance(answer, str) else answer(request), "stop")
