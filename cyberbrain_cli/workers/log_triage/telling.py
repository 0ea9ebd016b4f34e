"""The closing question: what all findings together tell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cyberbrain_cli.core.errors import BudgetSpent, LlmUnavailable
from cyberbrain_cli.core.findings import Finding
from cyberbrain_cli.core.incidents import Chain, Story
from cyberbrain_cli.logs import story
from cyberbrain_cli.logs.question import SYSTEM, as_data, framed
from cyberbrain_cli.workers.log_triage.asking import Asker, fixed_tokens
from cyberbrain_cli.workers.log_triage.params import LogTriageParams

_WITHOUT = "The story of all findings was not told."


@dataclass(frozen=True, slots=True)
class Closing:
    """The story, if there is one, and what a reader should know of how it came about."""

    story: Story | None = None
    notes: tuple[str, ...] = ()


def closing(asker: Asker, findings: Sequence[Finding], chains: Sequence[Chain]) -> Closing:
    """Ask for the story of the findings by rule.

    What the model said of single containers is not among them: so a preview, which hears no
    answer, shows this question too as it would be sent.
    """
    llm, params, redact = asker.free(), asker.params, asker.ctx.redact
    if llm is None or not params.story or len(findings) < story.FEWEST:
        return Closing()
    fixed = fixed_tokens(llm, story.SYSTEM, framed("", story.RULES))
    room = llm.info.context_tokens - fixed - params.answer_tokens
    budget = min(params.digest_tokens, room)
    plot = story.make_plot(findings, chains, budget, lambda text: llm.count(as_data(text)), redact)
    if len(plot.ids) < story.FEWEST:
        return Closing(notes=("There was no room to ask for the story of all findings.",))
    asker.ctx.check()
    try:
        reply = llm.ask(story.ask_for_story(plot, params.answer_tokens, params.digest_tokens))
    except (LlmUnavailable, BudgetSpent) as error:
        asker.regret(error, _WITHOUT)
        return Closing()
    told = story.read_story(reply, plot, llm.info.model, redact)
    if told is None:
        cut = " It was cut off at its length limit." if reply.finish_reason == "length" else ""
        return Closing(notes=(f"The model's story of all findings was of no use.{cut}",))
    return Closing(told)


def tokens_at_most(params: LogTriageParams, containers: int) -> int:
    """The most tokens that a job over so many containers uses, retries aside."""
    fixed = (len(SYSTEM) + len(framed(""))) // 2
    questions = containers + (containers > 0 and params.story)
    return questions * (params.digest_tokens + params.answer_tokens + fixed)
