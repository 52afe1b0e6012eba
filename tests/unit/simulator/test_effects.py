"""What is planted shows in people's dice, and what is not planted does not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from simulator.truth import Planted
from simulator.world import World
from simulator.world.calls import CallOutcome, dial
from simulator.world.effects import CONDITIONS, METRICS, Meeting, applies, factor, reweighted, strength
from simulator.world.emails import EmailOutcome, receive
from simulator.world.features import FEATURES, Said
from simulator.world.texts import receive_text
from tests.unit.simulator.worlds import MONDAY, ada, ada_world, crowd

ELEVEN = MONDAY.replace(hour=16)  # in Chicago
SHORT, LONG = (
    "Who answers your phone?",
    "I am calling because many people who run a business like yours do not pick up.",
)
PEOPLE = crowd("corporate phone", 3000)
READERS = replace(PEOPLE, rates=PEOPLE.rates.changed({}, {"emails.reply_per_person": 10, "texts.reply": 4}))


def _planted(metric: str = "answered", lift: float = 0.5, **more: object) -> Planted:
    known = {"id": "it", "lever": "script", "feature": "", "where": {}, "metric": metric, "lift": lift}
    return Planted(**(known | more))  # type: ignore[arg-type]


def _in(world: World, *effects: Planted) -> World:
    return replace(world, planted=effects, began=MONDAY)


def _calls(world: World, greeting: str = SHORT) -> Iterator[CallOutcome]:
    for person in world.people.values():
        yield dial(world, person, next(iter(person.phones)), n=1, at=ELEVEN, greeting=greeting)


def _mails(world: World, text: str = "Hi,\n\nOne line.", subject: str = "Hello") -> Iterator[EmailOutcome]:
    for person in world.people.values():
        yield receive(world, person, n=1, at=ELEVEN, said=Said("email", text, subject))


def _share(outcomes: Iterator[CallOutcome], *dispositions: str) -> float:
    counts = Counter(each.disposition for each in outcomes if each.talked)
    return sum(counts[name] for name in dispositions) / counts.total()


def _replied(outcomes: Iterator[EmailOutcome]) -> int:
    return sum(any(each.kind == "replied" for each in outcome.happenings) for outcome in outcomes)


# Words.


@pytest.mark.parametrize(
    ("feature", "said", "present"),
    [
        ("short_opener", Said("call", "Hi, an AI assistant. This may be recorded. Who answers now?"), True),
        ("short_opener", Said("call", f"Hi, an AI assistant. {LONG}"), False),
        ("short_opener", Said("call", ""), False),
        ("question_opener", Said("email", "Hi Ada,\n\nWho answers your phone? We do."), True),
        ("question_opener", Said("email", "Hi Ada,\n\nWe answer your phone. Shall we?"), False),
        ("permission_opener", Said("call", "Did I catch you at a bad time?"), True),
        ("permission_opener", Said("call", "Do you have thirty seconds?"), True),
        ("permission_opener", Said("call", "What time is it?"), False),
        ("gives_number", Said("sms", "We answer 24 hours."), True),
        ("gives_number", Said("sms", "Have a look: https://x.example.com/b/123"), False),
        ("short_subject", Said("email", "", "Your calls"), True),
        ("short_subject", Said("email", "", ""), False),
        ("question_subject", Said("email", "", "Who answers? "), True),
        ("short_text", Said("email", "Hello there. " * 40), True),
        ("short_text", Said("email", "Hello there, you. " * 40), False),
        ("names_person", Said("email", "Hi Ada,\n\nhello."), True),
        ("names_company", Said("email", "Is EXAMPLE HEATING busy?"), True),
        ("names_city", Said("email", "In the snow", "Denver"), True),
        ("names_trade", Said("email", "construction is hard"), False),
        ("tells_fact", Said("email", "I read about your shop."), False),
    ],
)
def test_feature__is_seen_in_any_words(feature: str, said: Said, present: bool) -> None:
    assert FEATURES[feature](said, ada(ada_world())) is present


def test_feature__a_fact_is_told_by_its_own_words_only() -> None:
    person = ada(ada_world())
    assert person.fact
    assert FEATURES["tells_fact"](Said("email", f"I saw {person.fact}, well done."), person)


# Effects.


def test_lift__multiplies_what_it_names() -> None:
    plain, lifted = (
        sum(each.talked for each in _calls(w)) for w in (PEOPLE, _in(PEOPLE, _planted(lift=0.3)))
    )
    assert lifted / plain == pytest.approx(1.3, abs=0.05)


def test_lift__of_decision_makers_leaves_answers_alone() -> None:
    makers = ("meeting", "callback", "send_email", "not_interested", "conversation")
    world = _in(PEOPLE, _planted("dm_contact"))
    assert sum(each.talked for each in _calls(world)) == sum(each.talked for each in _calls(PEOPLE))
    assert _share(_calls(world), *makers) / _share(_calls(PEOPLE), *makers) == pytest.approx(1.5, abs=0.08)


def test_lift__of_replies_holds_for_mails_and_texts() -> None:
    world = _in(READERS, _planted("replied"))
    assert _replied(_mails(world)) / _replied(_mails(READERS)) == pytest.approx(1.5, abs=0.15)
    mobile = crowd("mobile phone", 2000)
    texts = replace(mobile, rates=READERS.rates)

    def answers(world: World) -> int:
        outcomes = (
            receive_text(world, p, next(iter(p.phones)), n=1, at=ELEVEN, agreed=True)
            for p in world.people.values()
        )
        return sum(each.disposition == "replied" for each in outcomes)

    assert answers(_in(texts, _planted("replied", 0.3))) / answers(texts) == pytest.approx(1.3, abs=0.1)


@pytest.mark.parametrize("metric", METRICS)
def test_null__changes_no_outcome_of_anybody(metric: str) -> None:
    world = _in(PEOPLE, _planted(metric, 0.0))
    assert list(_calls(world)) == list(_calls(PEOPLE))
    assert list(_mails(world)) == list(_mails(PEOPLE))


def test_effect__holds_for_its_words_only() -> None:
    world = _in(PEOPLE, _planted("early_hangup", -0.5, feature="short_opener"))
    assert _share(_calls(world, SHORT), "early_hangup") < 0.7 * _share(_calls(PEOPLE), "early_hangup")
    assert list(_calls(world, LONG)) == list(_calls(PEOPLE, LONG))


def test_more_replies__can_cost_more_opt_outs() -> None:
    world = _in(READERS, _planted("replied", 0.5, opt_out_lift=20.0))
    leaves = [sum(each.disposition == "unsubscribed" for each in _mails(w)) for w in (READERS, world)]
    assert _replied(_mails(world)) > _replied(_mails(READERS))
    assert leaves[1] > 2 * leaves[0]


@pytest.mark.parametrize(
    ("name", "value", "holds"),
    [
        ("channel", "call", True),
        ("industry", "construction", False),
        ("staff", "small", True),
        ("source", "fair", False),
        ("region", "mountain", True),
        ("state", "CO", True),
        ("line", "direct", True),
        ("hours", "9-10", True),
        ("hours", "10-17", False),
        ("weekdays", "mon,tue", True),
        ("months", "7,8", False),
    ],
)
def test_condition__is_asked_of_who_where_and_when(name: str, value: str, holds: bool) -> None:
    world = ada_world()
    person = ada(world)
    phone = next(iter(person.phones.values()))
    here = Meeting(person, MONDAY, Said("call", SHORT), MONDAY, phone)  # nine in Denver
    assert applies(_planted(where={name: value}), here) is holds
    assert name in CONDITIONS


@pytest.mark.parametrize(
    ("day", "left"), [(-1.0, 0.0), (6.9, 0.0), (7.0, 1.0), (17.5, 0.5), (28.0, 0.0), (60.0, 0.0)]
)
def test_novelty__begins_on_its_day_and_wears_off(day: float, left: float) -> None:
    assert strength(_planted(starts_day=7, fades_days=21), day) == pytest.approx(left)


def test_two_effects__multiply() -> None:
    person = ada(ada_world())
    here = Meeting(person, MONDAY + timedelta(days=1), Said("call", SHORT), MONDAY)
    effects = (_planted(lift=0.5), _planted(lift=-0.2), _planted("booked", 3.0))
    assert factor(effects, "answered", here) == pytest.approx(1.2)


def test_reweighted__keeps_the_sum_and_the_order() -> None:
    shares = {"a": 0.5, "b": 0.3, "c": 0.1}
    found = reweighted(shares, {"b": 2.0})
    assert found["b"] == pytest.approx(0.6)
    assert sum(found.values()) == pytest.approx(0.9)
    assert list(found) == list(shares)
    assert sum(reweighted(shares, {"a": 9.0}).values()) == pytest.approx(0.9)
    assert reweighted(shares, {"a": 1.0}) is shares
