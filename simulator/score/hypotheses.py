"""Was the loop right in what it believed, and as sure as it should have been?"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean
from typing import Any, Literal

from simulator.record import Contact, Record
from simulator.score.claims import Citation, ClaimedHypothesis
from simulator.score.experiments import NOTHING, Judged
from simulator.score.milestones import Heard
from simulator.score.odds import Odds
from simulator.truth import Planted

Verdict = Literal["true", "false", "unsupported"]
MAKES = {
    "call": {"answered": ("answered",), "dm_contact": ("answered", "dm_contact")},
    "email": {"replied": ("replied",), "positive": ("replied", "positive")},
    "sms": {"replied": ("replied",), "positive": ("replied", "positive")},
}
CALLS_WHOLE = ("answered", "dm_contact", "booked")
WRITTEN_WHOLE = ("replied", "positive", "booked")
"""The effects that together make a metric, by channel; a meeting is made of all of them."""

OF_MOMENT, OF_PLACE = frozenset({"hours", "weekdays"}), frozenset({"region", "state"})
"""Conditions that the base rates of a moment and of a part of the country answer to."""


def judge_hypotheses(
    claims: Sequence[ClaimedHypothesis],
    judged: Sequence[Judged],
    contacts: Sequence[Contact],
    planted: Sequence[Planted],
    odds: Odds,
    record: Record,
) -> dict[str, Any]:
    """How many are true, false and unsupported, and the Brier score of those that are one of the first two.

    Unsupported: it cites nothing, or a figure that the record does not give, or speaks of nothing that was
    ever contacted. A belief about words or plan is as true as the test that tries it; one about people and
    moments by what multiplies their chances there and elsewhere, whoever they are.
    """
    tests = {each.claim.id: each for each in judged}
    verdicts = [
        (claim, _verdict(claim, tests, contacts, planted, odds, record))
        for claim in sorted(claims, key=lambda each: each.id)
    ]
    tried = [
        (claim.probability, verdict == "true") for claim, verdict in verdicts if verdict != "unsupported"
    ]
    counts = {name: sum(v == name for _, v in verdicts) for name in ("true", "false", "unsupported")}
    return counts | {"brier": round(fmean((p - came) ** 2 for p, came in tried), 4) if tried else None}


def _verdict(
    claim: ClaimedHypothesis,
    tests: dict[str, Judged],
    contacts: Sequence[Contact],
    planted: Sequence[Planted],
    odds: Odds,
    record: Record,
) -> Verdict:
    if not claim.cites or not all(cited_is_right(cited, record) for cited in claim.cites):
        return "unsupported"
    if claim.experiment is not None:
        test = tests.get(claim.experiment)
        lift = test.lift if test else None
    else:
        lift = _difference(claim, contacts, planted, odds)
    if lift is None:
        return "unsupported"
    return "true" if (lift if claim.higher else -lift) > NOTHING else "false"


def cited_is_right(cited: Citation, record: Record) -> bool:
    """Whether the record gives the figure; what was told by the end of its span is the least, what was true
    the most."""
    span = [
        contact
        for contact in record.contacts
        if contact.person and contact.channel == cited.channel and cited.since <= contact.at < cited.until
    ]
    heard = (Heard.told(record.facts, cited.until), Heard.happened(record.facts, cited.until))
    bounds = sorted(sum(cited.metric in each.milestones(contact) for contact in span) for each in heard)
    return bounds[0] <= cited.n <= bounds[-1]


def _difference(
    claim: ClaimedHypothesis, contacts: Sequence[Contact], planted: Sequence[Planted], odds: Odds
) -> float | None:
    """What multiplies the chance where the claim holds, over elsewhere, less one; None without either."""
    here, elsewhere = list[float](), list[float]()
    for contact in contacts:
        if contact.channel == claim.channel:
            side = here if odds.matches(claim.where, contact) else elsewhere
            side.append(_multiplier(claim, contact, planted, odds))
    return fmean(here) / fmean(elsewhere) - 1 if here and elsewhere and fmean(elsewhere) else None


def _multiplier(claim: ClaimedHypothesis, contact: Contact, planted: Sequence[Planted], odds: Odds) -> float:
    """Of the base rates only what the claim speaks of: else noise of the others would make it true or false.

    Lines and replies hang on the size of a firm itself, so there the whole chance is compared.
    """
    if "staff" in claim.where:
        return odds.chance(contact, claim.metric, {})
    found = odds.moment(contact) if OF_MOMENT & claim.where.keys() else 1.0
    found *= odds.region(contact) if OF_PLACE & claim.where.keys() else 1.0
    whole = CALLS_WHOLE if claim.channel == "call" else WRITTEN_WHOLE
    makes = MAKES.get(claim.channel, {}).get(claim.metric, whole)
    for effect in planted:
        if effect.metric in makes and not effect.feature and odds.carries(effect, contact):
            found *= 1 + effect.lift * odds.concerns(effect, contact)
    return found
