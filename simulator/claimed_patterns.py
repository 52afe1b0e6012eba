"""What the loop says about segments, as beliefs that the judge can try."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, time, timedelta
from math import log
from statistics import NormalDist

from shared import evidence
from shared.evidence import Evidence, Metric
from shared.loop import Loop
from shared.state.patterns import StandingPattern
from simulator.score.claims import Citation, ClaimedHypothesis
from simulator.world.effects import WEEKDAYS
from simulator.world.places import region_of

STAFF = {"1-10": "small", "11-50": "small", "51-200": "middle", "201-1000": "large", "1001-": "large"}
WAITS = frozenset({"email", "sms"})
"""Channels whose answers may still come when a span is over, so that only what was sent can be cited."""


def beliefs(loop: Loop, patterns: Iterable[StandingPattern]) -> Iterator[ClaimedHypothesis]:
    """One for each pattern about people and moments; of words only a test can tell."""
    for each in patterns:
        where = _where(each)
        if where is not None:
            yield ClaimedHypothesis(
                id=f"pattern {each.id}",
                channel=each.channel,
                metric=each.metric,
                higher=each.ratio > 1,
                probability=_sure(each),
                where=where,
                cites=(_citation(loop, each),),
            )


def _where(each: StandingPattern) -> dict[str, str] | None:
    """In the words of the world's conditions; a level the world does not know is nowhere."""
    level = each.level
    match each.dimension:
        case "industry" | "source":
            return {each.dimension: level}
        case "region":
            return {"state": level}
        case "zone":
            return {"region": region_of(level)}
        case "size":
            return {"staff": STAFF.get(level, "")}
        case "hour":
            return {"hours": f"{level}-{int(level) + 1}" if level.isdigit() else ""}
        case "weekday":
            return {"weekdays": WEEKDAYS[int(level) - 1] if level.isdigit() else ""}
    return None


def _sure(each: StandingPattern) -> float:
    """The probability that the segment truly lies on the side claimed, from its interval."""
    half = log(each.high / each.low) / 2
    z = abs(log(each.ratio)) / half * NormalDist().inv_cdf(0.975) if half else 9.0
    return min(NormalDist().cdf(z), 0.99)


def _citation(loop: Loop, each: StandingPattern) -> Citation:
    """How many of the channel's touches of those days reached the metric."""
    metric: Metric = "sent" if each.channel in WAITS else each.metric
    asked = Evidence(metric, "sent", each.since, each.upto, (), (("channel", each.channel),))
    (figure,) = evidence.run(loop.state, asked)
    return Citation(
        channel=each.channel,
        metric=metric,
        since=datetime.combine(each.since, time(), loop.zone),
        until=datetime.combine(each.upto + timedelta(days=1), time(), loop.zone),
        n=figure.k,
    )
