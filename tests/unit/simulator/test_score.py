"""Each figure of the score, beside a claimant that is right and one that fools itself."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from math import sqrt
from typing import Any

import pytest

from simulator.agenda import Delivery, Effect
from simulator.record import Contact, Record, Words
from simulator.score import Claims, Run, score
from simulator.score.claims import Account, Citation, ClaimedExperiment, ClaimedHypothesis, ClaimedIncident
from simulator.score.faults import same_target
from simulator.score.opt_outs import quantile, seconds_to_last_touch
from simulator.truth import Injected, Planted, Truth
from simulator.world import World
from simulator.world.odds import WorldOdds
from tests.support.traffic import mailed, told
from tests.unit.simulator.worlds import ADA_ID, MONDAY, RATES, ada_world

END = datetime(2026, 12, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
BODY = "Would fifteen minutes be worth it?\n\nhttps://loop.example.com/book/1"
PLAIN = Words(BODY, "A question about your calls today")
SHORT = replace(PLAIN, subject="Missed calls?")
FINDS = Planted("short", "subject", "short_subject", {}, "replied", 1.0)
ANSWERED_MAIL = {"emails.reply_per_person": 0.1, "emails.reply_by_mail": [1.0] * 5}


def _world(seed: int, *planted: Planted, people: int = 600) -> World:
    rows = [
        {
            **{"first name": f"P{n}", "email": f"p{n}@c{n}.example", "email status": "Verified"},
            **{"company": f"C{n}", "# employees": "12", "country": "United States"},
            **({"city": "Chicago", "state": "IL"} if n % 2 else {"city": "Denver", "state": "CO"}),
        }
        for n in range(people)
    ]
    return World.build(rows, (), RATES.changed(ANSWERED_MAIL, {}), seed, planted=planted)


def _scored(record: Record, world: World, claims: Claims, *planted: Planted) -> dict[str, Any]:
    return score(Run(record, 28, END), world, WorldOdds(world), Truth("test", world.seed, planted), claims)


# The contract of `simulate --json`.

VIOLATIONS = {"sent_twice", "outside_window", "after_opt_out", "without_consent"}
SHAPE: dict[str, set[str] | type] = {
    **{"days": int, "leads": int, "planned": int, "sent": {"call", "email", "sms"}},
    **{"refused": dict, "outcomes": dict, "violations": VIOLATIONS, "reports": list},
    **{"opt_out_to_last_touch_s": {"p50", "p99"}, "experiments": list},
    **{"false_wins": int, "missed_winners": int, "regret": float},
    **{"hypotheses": {"true", "false", "unsupported", "brier"}, "faults": dict},
    **{"meetings": {"loop", "baseline", "oracle"}, "recount": {"figures", "mismatches"}, "missing": list},
}


def test_score__has_every_key_others_rely_on_even_of_a_run_without_anything() -> None:
    claims = Claims(account=Account(3, 2, {"BUDGET": 1}, {"delivered": 1}), missing=("ab_test_manager",))
    found = _scored(Record(), ada_world(), claims)
    assert set(found) == set(SHAPE)
    for name, shape in SHAPE.items():
        if isinstance(shape, set):
            assert set(found[name]) == shape, name
        else:
            assert isinstance(found[name], shape), name
    assert found["missing"] == ["ab_test_manager"]
    assert (found["leads"], found["planned"], found["refused"]) == (3, 2, {"BUDGET": 1})
    assert json.loads(json.dumps(found)) == found


# Experiments.


def _halves(world: World) -> Record:
    """Every other mail has a short subject."""
    return mailed(world, world.people.values(), lambda n, _: SHORT if n % 2 else PLAIN, MONDAY)


def _z_by_look(contacts: Sequence[Contact]) -> Iterator[float]:
    """The naive test after every twenty mails."""
    n, hits = [0, 0], [0, 0]
    for place, contact in enumerate(contacts):
        n[place % 2] += 1
        hits[place % 2] += contact.outcome == "replied"
        pooled = sum(hits) / (place + 1)
        if place % 20 == 19 and 0 < pooled < 1:
            yield (hits[1] / n[1] - hits[0] / n[0]) / sqrt(pooled * (1 - pooled) * (1 / n[0] + 1 / n[1]))


def _tested(record: Record, name: str, *, bar: float) -> ClaimedExperiment:
    contacts = record.contacts
    arms = [frozenset(each.reference or "" for each in contacts[place::2]) for place in (0, 1)]
    won = any(z > bar for z in _z_by_look(contacts))
    verdict = "DEPLOY" if won else "KILL"
    return ClaimedExperiment(
        name, "subject", "replied", (arms[0], arms[1]), MONDAY, MONDAY + 7 * 24 * HOUR, verdict, won
    )


def test_false_wins__a_tester_that_peeks_is_caught_and_a_strict_one_is_not() -> None:
    peeked, strict = 0, 0
    for seed in range(6):
        world = _world(seed, replace(FINDS, lift=0.0))
        record = _halves(world)
        for bar, add in ((1.64, True), (4.0, False)):
            claim = _tested(record, f"t{seed}", bar=bar)
            found = _scored(record, world, Claims(experiments=(claim,)), replace(FINDS, lift=0.0))
            assert found["experiments"][0]["truth"] == 0
            assert found["false_wins"] == claim.won
            peeked, strict = (peeked + claim.won, strict) if add else (peeked, strict + claim.won)
    assert peeked >= 2
    assert strict == 0


@pytest.mark.parametrize(("bar", "missed"), [(2.5, 0), (99.0, 1)])
def test_missed_winners__a_tester_that_never_dares_is_caught(bar: float, missed: int) -> None:
    world = _world(1, FINDS)
    record = _halves(world)
    found = _scored(record, world, Claims(experiments=(_tested(record, "t", bar=bar),)), FINDS)
    assert (found["false_wins"], found["missed_winners"]) == (0, missed)
    (test,) = found["experiments"]
    assert test.pop("truth") == pytest.approx(1.0, abs=0.03)  # the most eager cannot answer twice
    assert test == {"id": "t", "verdict": "KILL" if missed else "DEPLOY", "days": 7.0}


def test_false_wins__more_replies_that_cost_opt_outs_are_none() -> None:
    harmful = replace(FINDS, opt_out_lift=3.0)
    world = _world(1, harmful)
    record = _halves(world)
    claim = replace(_tested(record, "t", bar=2.5), won=True)
    found = _scored(record, world, Claims(experiments=(claim,)), harmful)
    assert (found["false_wins"], found["missed_winners"]) == (1, 0)


def test_experiment__an_arm_nobody_saw_has_no_truth() -> None:
    world = _world(1)
    record = _halves(world)
    claim = replace(_tested(record, "t", bar=99.0), arms=(frozenset({"m0"}), frozenset({"absent"})))
    assert _scored(record, world, Claims(experiments=(claim,)))["experiments"][0]["truth"] is None


# Hypotheses.


def _believes(record: Record, where: dict[str, str], **changes: Any) -> ClaimedHypothesis:
    sent = Citation("email", "sent", MONDAY, END, len(record.contacts))
    base = ClaimedHypothesis("h", "email", "replied", True, 0.9, where, cites=(sent,))
    return replace(base, **changes)


def test_hypotheses__noise_is_false_what_was_planted_is_true_and_made_up_figures_are_unsupported() -> None:
    planted = Planted("colorado", "region", "", {"state": "CO"}, "replied", 0.5)
    quiet, told_apart = _world(1), _world(1, planted)
    noise = mailed(quiet, quiet.people.values(), lambda *_: PLAIN, MONDAY)
    signal = mailed(told_apart, told_apart.people.values(), lambda *_: PLAIN, MONDAY)
    of_noise = Claims(hypotheses=(_believes(noise, {"state": "CO"}),))
    assert _scored(noise, quiet, of_noise)["hypotheses"] == {
        **{"true": 0, "false": 1, "unsupported": 0, "brier": 0.81}
    }
    of_signal = Claims(hypotheses=(_believes(signal, {"state": "CO"}),))
    assert _scored(signal, told_apart, of_signal, planted)["hypotheses"] == {
        **{"true": 1, "false": 0, "unsupported": 0, "brier": 0.01}
    }
    wrong = Citation("email", "replied", MONDAY, END, 599)
    made_up = (
        _believes(signal, {"state": "CO"}, id="a", cites=(wrong,)),
        _believes(signal, {"state": "CO"}, id="b", cites=()),
        _believes(signal, {"state": "NY"}, id="c"),
    )
    found = _scored(signal, told_apart, Claims(hypotheses=made_up), planted)["hypotheses"]
    assert found == {"true": 0, "false": 0, "unsupported": 3, "brier": None}


def test_hypothesis_about_words__is_as_true_as_its_test() -> None:
    world = _world(1, FINDS)
    record = _halves(world)
    tests = (_tested(record, "t", bar=2.5),)
    for higher, name in ((True, "true"), (False, "false")):
        belief = _believes(record, {}, experiment="t", higher=higher)
        found = _scored(record, world, Claims(experiments=tests, hypotheses=(belief,)), FINDS)
        assert found["hypotheses"][name] == 1


# Meetings and regret.


def test_meetings__the_oracle_chooses_what_helps_and_nothing_that_drives_away() -> None:
    harmful = Planted("q", "subject", "question_subject", {}, "replied", 2.0, opt_out_lift=1.0)
    hurts = Planted("n", "subject", "names_city", {}, "replied", -0.5)
    world = _world(1, FINDS, harmful, hurts)
    record = mailed(world, world.people.values(), lambda *_: PLAIN, MONDAY)
    found = _scored(record, world, Claims(), FINDS, harmful, hurts)
    worth = found["meetings"]
    assert worth["loop"] == worth["baseline"] > 0
    only = _scored(record, world, Claims(), FINDS)["meetings"]
    assert worth["oracle"] == only["oracle"] > 1.5 * worth["loop"]
    assert found["regret"] == pytest.approx(worth["oracle"] - worth["loop"], abs=0.001)


def test_meetings__what_was_learned_is_worth_more_than_the_baseline() -> None:
    world = _world(1, FINDS)
    record = mailed(world, world.people.values(), lambda n, _: PLAIN if n < 300 else SHORT, MONDAY)
    began = record.contacts[300].at
    test = replace(_tested(record, "t", bar=99.0), started_at=began)
    worth = _scored(record, world, Claims(experiments=(test,)), FINDS)["meetings"]
    assert worth["baseline"] < worth["loop"] < worth["oracle"]


# Faults.

DOWN = Injected("provider_down", MONDAY, MONDAY + 2 * HOUR, "vapi")
SEEN = ClaimedIncident("silent", "vapi.create_call", MONDAY + HOUR / 4, MONDAY + 2.5 * HOUR, checked=True)


@pytest.mark.parametrize(
    ("incident", "counts", "mttr_s"),
    [
        (SEEN, (1, 1, 0), 9000.0),
        (replace(SEEN, closed_at=MONDAY + HOUR), (1, 0, 1), None),  # called repaired while it lasts
        (replace(SEEN, checked=False), (1, 0, 1), None),  # nobody looked
        (replace(SEEN, closed_at=None), (1, 0, 0), None),
        (replace(SEEN, target="resend"), (0, 0, 0), None),
        (replace(SEEN, opened_at=MONDAY + 7 * HOUR, closed_at=None), (0, 0, 0), None),
    ],
)
def test_faults__a_repair_that_is_none_is_caught(
    incident: ClaimedIncident, counts: tuple[int, int, int], mttr_s: float | None
) -> None:
    world, truth = ada_world(), Truth("test", 1)
    unseen = replace(DOWN, kind="list_lags", excuse="it looks like nothing new")
    truth.inject(DOWN, unseen)
    claims = Claims(incidents=(incident,))
    found = score(Run(Record(), 1, END), world, WorldOdds(world), truth, claims)["faults"]
    names = ("detected", "repaired", "wrongly_repaired")
    mttd_s = 900.0 if counts[0] else None
    assert found.pop("list_lags") == {
        **{"injected": 1, "excuse": "it looks like nothing new", "to_notice": 0},
        **dict.fromkeys(names, 0),
        **{"mttd_s": None, "mttr_s": None},
    }
    assert found == {
        "provider_down": {
            **{"injected": 1, "excuse": "", "to_notice": 1},
            **dict(zip(names, counts, strict=True)),
            "mttd_s": mttd_s,
            "mttr_s": mttr_s,
        }
    }


def test_faults__an_incident_is_credited_to_the_latest_that_it_can_explain() -> None:
    truth, world = Truth("test", 1), ada_world()
    missed = Injected("stage_missed", MONDAY, MONDAY, "outreach_tick")
    later = replace(missed, kind="stage_killed", at=MONDAY + HOUR, until=MONDAY + HOUR)
    truth.inject(missed, later)
    seen = MONDAY + 1.1 * HOUR
    claims = Claims(incidents=(ClaimedIncident("late", "outreach_tick", seen, seen, checked=True),))
    found = score(Run(Record(), 1, END), world, WorldOdds(world), truth, claims)["faults"]
    assert {kind: counts["detected"] for kind, counts in found.items()} == {
        **{"stage_missed": 0, "stage_killed": 1}
    }
    assert found["stage_killed"]["mttr_s"] == 360.0


def test_target__a_providers_name_holds_its_operations_and_its_webhooks() -> None:
    assert same_target("vapi.create_call ada", "vapi")
    assert same_target("svix.received msg_1", "resend")
    assert same_target("outreach_tick", "outreach_tick")
    assert not same_target("vapi.create_call", "vapi.list_calls")
    assert not same_target("vapi", "vapid")
    assert not same_target("", "vapi")


# From the wish to the last touch.


def _wished(*after: timedelta, heard: timedelta = timedelta(0)) -> float:
    record = Record()
    for n, later in enumerate(after, start=1):
        record.accept(
            Contact(ADA_ID, "email", "ada@example.com", MONDAY + later, n, f"e{n}", f"{n}", "delivered")
        )
    told(record, ADA_ID, "email", "unsubscribed_one_click", MONDAY, Effect(stop=True))
    if heard:
        record = Record()
        record.failed(_stop(), 503, gave_up=False)
        record.arrived(replace(_stop(), at=MONDAY + heard), MONDAY + heard)
    return float(_scored(record, ada_world(), Claims())["opt_out_to_last_touch_s"]["p99"])


def test_opt_out__what_the_loop_reads_at_the_provider_it_has_been_told() -> None:
    record = Record()
    record.failed(_stop(), 0, gave_up=True)
    assert seconds_to_last_touch(record, END) == [(END - MONDAY).total_seconds()]
    record.read(ADA_ID, "email", 1, "opened", MONDAY + HOUR)
    record.read(ADA_ID, "email", 1, "stop", MONDAY + 2 * HOUR)
    record.arrived(_stop(), MONDAY + 5 * HOUR)
    assert seconds_to_last_touch(record, END) == [7200.0]
    assert record.stops[ADA_ID].told_at == MONDAY + 2 * HOUR


def _stop() -> Delivery:
    stop = Effect(stop=True)
    return Delivery(MONDAY, ADA_ID, "email", 1, 0, "stop", "none", "", b"", "", "1", effect=stop)


def test_opt_out__counts_until_the_last_touch_or_until_the_loop_was_told() -> None:
    assert _wished() == 0
    assert _wished(-HOUR) == 0
    assert _wished(2 * HOUR, 5 * HOUR) == 5 * 3600
    assert _wished(heard=3 * HOUR) == 3 * 3600


def test_quantile__is_the_nearest_value() -> None:
    assert quantile([], 0.5) is None
    assert quantile([7.0], 0.99) == 7
    assert [quantile([1.0, 2.0, 3.0, 4.0], share) for share in (0.25, 0.5, 0.99)] == [1, 2, 4]
