"""What the loop claims, read from it by the verbs its own commands use.

Only which contact belongs to which arm of a test is read from the simulation's own connection: the loop
counts companies, and no command of its own has to name their contacts.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, datetime, time
from typing import Any

import psycopg

from functions import stages
from shared.evidence import Evidence
from shared.loop import Loop
from shared.state.experiments import Experiment
from shared.state.hypotheses import Hypothesis
from shared.stats.policy import PROMISING
from simulator.claimed_patterns import beliefs
from simulator.score.claims import (
    Account,
    Citation,
    ClaimedExperiment,
    ClaimedHypothesis,
    ClaimedIncident,
    Claims,
)

CLAIMANTS = (
    *("watch", "system_medic", "ab_test_manager", "daily_system_analysis", "weekly_learning_agent"),
    *("mid_day_analyzer", "prospector", "status_report"),
)
"""Stages whose work is scored; one that is not built has done none of it."""

WAITING = frozenset({"queued", "refused"})
"""States of a test that never began."""

LOOKED = frozenset({"playbook", "itself"})
"""How an incident ends when a look has found it gone."""

MOST_INCIDENTS = 10_000

# All contacts of a unit from its exposure on; where words are tested, only those that carry them.
ARMS = """
select u.experiment_id, u.arm, d.id::text
from experiment_units u join experiments e on e.id = u.experiment_id
join touches t on unit_of(t.company_id, t.lead_id) = u.unit
join deliveries d on d.id = t.id
where d.submitted_at >= u.exposed_at and (e.counted_from = 'enrolment' or t.script_key = e.directive_key)
"""


def read_claims(loop: Loop, database: psycopg.Connection[Any], since: datetime) -> Claims:
    """Everything the loop says of the time since then."""
    summary = loop.state.measures.summary()
    incidents = loop.state.incidents.since(since, MOST_INCIDENTS)
    return Claims(
        account=Account(
            leads=loop.state.people.count()["leads"],
            planned=summary["planned"],
            refused=summary["refused"],
            outcomes=summary["outcomes"],
        ),
        experiments=tuple(_experiments(loop, database)),
        hypotheses=(
            *beliefs(loop, loop.state.patterns.held(since.date(), date.max)),
            *_hypotheses(loop),
        ),
        incidents=tuple(_incident(row) for row in reversed(incidents)),
        missing=tuple(name for name in CLAIMANTS if not stages.get(name).built),
    )


def _experiments(loop: Loop, database: psycopg.Connection[Any]) -> Iterator[ClaimedExperiment]:
    """Every test that was begun; a holdback after a win is no test of its own."""
    arms: defaultdict[tuple[int, str], set[str]] = defaultdict(set)
    for experiment, arm, touch in database.execute(ARMS):
        arms[experiment, arm].add(touch)
    for each in loop.state.experiments.all():
        if each.kind == "test" and each.started_at is not None:
            yield ClaimedExperiment(
                id=each.name,
                lever=each.lever,
                metric=each.metric,
                arms=(frozenset(arms[each.id, "control"]), frozenset(arms[each.id, "treatment"])),
                started_at=each.started_at,
                ended_at=each.decided_at,
                verdict=each.verdict,
                won=_won(each),
            )


def _hypotheses(loop: Loop) -> Iterator[ClaimedHypothesis]:
    """Beliefs whose test began: what still waits was never tried, so nobody can say how it came out."""
    for each in loop.state.hypotheses.all():
        if each.test is None or each.test_state in WAITING:
            continue
        yield ClaimedHypothesis(
            id=f"hypothesis:{each.id}",
            channel=each.channel or "email",
            metric=each.metric,
            higher=True,
            probability=each.probability,
            experiment=each.test,
            cites=tuple(_citations(each, loop)),
        )


def _citations(hypothesis: Hypothesis, loop: Loop) -> Iterator[Citation]:
    """The figures of a whole channel, as they were counted when the belief was written down."""
    for cited in hypothesis.evidence:
        asked = Evidence.parse(cited.id)
        if asked.counts == "touches" and not asked.by and [name for name, _ in asked.where] == ["channel"]:
            since = datetime.combine(asked.since, time(), loop.zone)
            yield Citation(asked.where[0][1], asked.numerator, since, hypothesis.proposed_at, cited.k)


def _won(experiment: Experiment) -> bool:
    """Whether it was taken for better; a review of what is only promising is none."""
    return experiment.verdict == "DEPLOY" or (
        experiment.verdict == "REVIEW" and experiment.reason != PROMISING
    )


def _incident(row: dict[str, Any]) -> ClaimedIncident:
    closed = row["closed_at"]
    return ClaimedIncident(
        kind=row["kind"],
        target=row["target"],
        opened_at=datetime.fromisoformat(row["opened_at"]),
        closed_at=datetime.fromisoformat(closed) if closed else None,
        checked=row["closed_by"] in LOOKED,
    )
