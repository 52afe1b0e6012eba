"""Ask Claude, and know at any time what was asked, what came of it and what it cost.

The same intent, lease, key and receipt as for everything that leaves the house. An overloaded model is asked
again a few times, by us and on record; an answer that was refused, cut or has not the shape is kept as that
and never guessed at. Whoever asks has the built-in analyst to fall back on.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Generic, TypeVar

from pydantic import BaseModel, ValidationError

from shared.directives.prompts import ModelPrompt
from shared.errors import ProviderError
from shared.loop import Loop
from shared.providers.claude.client import Claude, Question, Said
from shared.providers.claude.prices import cost_usd, worst_usd
from shared.state.model_calls import Begun, Outcome

M = TypeVar("M", bound=BaseModel)
TRIES = 4
LEASE_MARGIN_S = 30
LONGEST_WAIT = timedelta(minutes=2)


@dataclass(frozen=True)
class Answer(Generic[M]):
    """`value` is None where Claude gave none; `why` says so in one word or code, for the report."""

    value: M | None
    why: str
    cost_usd: float = 0.0


def ask(loop: Loop, prompt_key: str, asked: str, shape: type[M], *, natural_key: str) -> Answer[M]:
    """Ask once for each `natural_key`; asked again, the answer of the first time comes back."""
    claude = loop.providers.claude
    if claude is None:
        return Answer(None, "no_key")
    prompt = loop.book.prompt(prompt_key)
    question = Question(prompt.model, prompt.max_tokens, prompt.body, asked, shape)
    for turn in range(1, TRIES + 1):
        begun = _begin(loop, prompt_key, prompt, question, natural_key, claude)
        if begun.status != "submitted":
            return _before(begun, shape)
        try:
            said = claude.ask(question)
        except ProviderError as error:
            wait = min(error.retry_after or LONGEST_WAIT, LONGEST_WAIT)
            again = (
                error.retryable
                and turn < TRIES
                and loop.lease.left() > wait.total_seconds() + claude.deadline_s
            )
            _give_up_or_wait(loop, begun, error, wait if again else None)
            if not again:
                return Answer(None, error.code)
            continue
        return _settled(loop, begun, question, said, shape)
    raise AssertionError("the last try returns")


def _begin(
    loop: Loop,
    key: str,
    prompt: ModelPrompt,
    question: Question,
    natural_key: str,
    claude: Claude,
) -> Begun:
    return loop.state.model_calls.begin(
        natural_key=natural_key,
        prompt=key,
        prompt_hash=loop.book.version(key).content_hash,
        model=prompt.model,
        today=loop.clock.now().astimezone(loop.zone).date(),
        worst_usd=worst_usd(prompt.model, question.letters, prompt.max_tokens),
        daily_usd=prompt.daily_usd,
        lease_s=int(claude.deadline_s) + LEASE_MARGIN_S,
    )


def _before(begun: Begun, shape: type[M]) -> Answer[M]:
    if begun.outcome == "answered" and begun.answer is not None:
        return Answer(shape.model_validate(begun.answer), "", begun.cost_usd)
    return Answer(None, begun.outcome or begun.status, begun.cost_usd)


def _give_up_or_wait(loop: Loop, begun: Begun, error: ProviderError, wait: timedelta | None) -> None:
    at = None if wait is None else loop.clock.now() + wait
    loop.state.model_calls.fail(begun, code=error.code, cost_usd=0.0, retry_at=at)
    if wait is not None:
        loop.pause(wait.total_seconds())


def _settled(loop: Loop, begun: Begun, question: Question, said: Said, shape: type[M]) -> Answer[M]:
    value, outcome = _read(said, shape)
    price = cost_usd(question.model, said.usage)
    loop.state.model_calls.settle(
        begun,
        provider_id=said.id,
        outcome=outcome,
        answer=value.model_dump(mode="json") if value is not None else None,
        cost_usd=price,
        input_tokens=said.usage.fresh + said.usage.written + said.usage.read,
        cached_tokens=said.usage.read,
        output_tokens=said.usage.out,
    )
    return Answer(value, "" if value is not None else outcome, price)


def _read(said: Said, shape: type[M]) -> tuple[M | None, Outcome]:
    """Look why it ended before looking at what it says."""
    if said.ending == "refused":
        return None, "refused"
    if said.ending == "cut":
        return None, "malformed"
    try:
        return shape.model_validate_json(said.text), "answered"
    except ValidationError:
        return None, "malformed"
