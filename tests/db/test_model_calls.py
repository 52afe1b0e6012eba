"""Questions to Claude over its wire: asked once, priced, bounded, and never guessed at."""

from __future__ import annotations

from datetime import timedelta

import pytest
from pydantic import BaseModel, ConfigDict

from functions.model_calls import TRIES, Answer, ask
from shared.providers.claude.prices import Usage, cost_usd
from simulator.faults.words import ATTACKS
from simulator.wire import model
from tests.support.ledger import Ledger
from tests.support.model import Wired, wired

PROMPT = "prompts/system_analysis"


class Opinion(BaseModel):
    """A small answer."""

    model_config = ConfigDict(extra="forbid")
    words: str
    sure: bool


def opinion(at: Wired, key: str = "q:1", data: str = "data") -> Answer[Opinion]:
    return ask(at.loop, PROMPT, data, Opinion, natural_key=key)


def test_question__is_answered_once_and_has_its_price(ledger: Ledger) -> None:
    with wired(ledger, model.says({"words": "well", "sure": True})) as at:
        first, again = opinion(at), opinion(at)
    assert first.value == again.value == Opinion(words="well", sure=True)
    assert len(at.asked) == 1
    ledger.after(hours=1)
    (spend,) = ledger.state.model_calls.spend(ledger.now - timedelta(hours=2), ledger.now)
    assert (spend.calls, spend.answered) == (1, 1)
    assert spend.usd == pytest.approx(first.cost_usd, abs=1e-4) != 0


def test_what_is_the_same_every_time__is_read_from_the_cache(ledger: Ledger) -> None:
    with wired(ledger) as at:
        opinion(at, "q:1")
        opinion(at, "q:2", "other data")
    system = at.asked[0]["system"]
    assert system[-1]["cache_control"] == {"type": "ephemeral"}
    assert at.asked[1]["system"] == system


@pytest.mark.parametrize(
    ("behaviour", "why"),
    [("malformed", "malformed"), ("refuses", "refused"), ("obeys", "malformed")],
)
def test_unusable_answer__is_kept_as_that_paid_for_and_not_asked_for_again(
    ledger: Ledger, behaviour: str, why: str
) -> None:
    attack = ATTACKS[0].text
    with wired(ledger, model.BEHAVIOURS[behaviour]) as at:
        answer, again = opinion(at, data=attack), opinion(at, data=attack)
        assert (answer.value, answer.why) == (again.value, again.why) == (None, why)
        assert len(at.asked) == 1
    assert answer.cost_usd > 0


def test_overloaded_for_a_moment__is_asked_again_after_a_wait(ledger: Ledger) -> None:
    said = model.says({"words": "well", "sure": False})
    with wired(ledger, model.overloaded_then(2, said)) as at:
        assert opinion(at).value is not None
    assert at.waits == [30.0, 30.0]
    assert ledger.rows("select try, state from deliveries where kind = 'model_call'") == [(3, "finished")]


def test_overloaded_for_good__is_given_up_with_its_code(ledger: Ledger) -> None:
    with wired(ledger, model.overloaded) as at:
        answer = opinion(at)
    assert (answer.value, answer.why) == (None, "anthropic.overloaded_error")
    assert len(at.asked) == TRIES


def test_wrong_key__is_tried_once(ledger: Ledger) -> None:
    with wired(ledger, ANTHROPIC_API_KEY="wrong") as at:
        assert opinion(at).why == "anthropic.authentication_error"
    assert at.waits == []


def test_no_key__asks_nobody(ledger: Ledger) -> None:
    with wired(ledger, ANTHROPIC_API_KEY="") as at:
        assert opinion(at).why == "no_key"
    assert at.asked == []


def test_budget_of_the_day__is_never_passed_not_even_at_the_worst_price(ledger: Ledger) -> None:
    with wired(ledger) as at:
        budget = at.loop.book.prompt(PROMPT).daily_usd
        answers = [opinion(at, f"q:{n}", "x" * 100_000) for n in range(12)]
        assert {each.why for each in answers} == {"", "over_budget"}
        spent = sum(each.cost_usd for each in answers)
    assert spent <= budget
    assert len(at.asked) < len(answers)


def test_answers__go_with_the_words_that_they_may_repeat(ledger: Ledger) -> None:
    with wired(ledger) as at:
        opinion(at)
        ledger.after(days=91)
        assert ledger.state.model_calls.expire_answers(ledger.now) == 1
        assert opinion(at).why == "answered"
    assert ledger.rows("select answer, cost_usd > 0 from model_calls") == [(None, True)]


def test_price__counts_each_kind_of_token() -> None:
    million = 1_000_000
    assert cost_usd("claude-sonnet-5-5", Usage(million, 0, 0, 0)) == 2.0
    assert cost_usd("claude-sonnet-5-5", Usage(0, million, million, million)) == 2.5 + 0.1 + 10
    assert cost_usd("claude-haiku-5-5", Usage(50_000, 0, 60_000, 0)) == 0.028
