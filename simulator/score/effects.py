"""What planted effects do to contacts, as they were and as they might have been."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from statistics import fmean

from simulator.record import Contact
from simulator.score.odds import Factors, Odds
from simulator.truth import Planted

Degree = Callable[[Planted, Contact], float]
"""How far a contact carries an effect, from 0 to 1."""


def as_it_was(odds: Odds) -> Degree:
    """Every contact with its own words and time."""
    return lambda effect, contact: float(odds.carries(effect, contact))


def factors(odds: Odds, planted: Iterable[Planted], contact: Contact, degree: Degree) -> Factors:
    """What the base rates of this contact are multiplied by; what nobody chooses is always there."""
    found: dict[str, float] = {}
    for effect in planted:
        there = degree(effect, contact) if odds.chosen(effect) else 1.0
        share = there * odds.concerns(effect, contact)
        if share:
            found[effect.metric] = found.get(effect.metric, 1.0) * (1 + effect.lift * share)
        if share and effect.opt_out_lift:
            found["opted_out"] = found.get("opted_out", 1.0) * (1 + effect.opt_out_lift * share)
    return found


def expected(
    odds: Odds,
    planted: Sequence[Planted],
    contacts: Iterable[Contact],
    metric: str,
    degree: Degree,
    *,
    best_hour: bool = False,
) -> float:
    """How many of these contacts reach the metric, on average over all dice."""
    chances = (
        odds.chance(contact, metric, factors(odds, planted, contact, degree), best_hour=best_hour)
        for contact in contacts
    )
    return sum(chances, 0.0)


def share_carrying(odds: Odds, effect: Planted, contacts: Sequence[Contact]) -> float:
    """The share of these contacts whose words and time carry the effect; 0 for none."""
    return fmean(odds.carries(effect, contact) for contact in contacts) if contacts else 0.0
