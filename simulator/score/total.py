"""One run in figures: everything `simulate --json` says of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from simulator.known import KnownWorld
from simulator.record import Contact, Record
from simulator.score.claims import Claims
from simulator.score.experiments import judge_experiments
from simulator.score.faults import judge_faults
from simulator.score.hypotheses import judge_hypotheses
from simulator.score.meetings import Meetings, meetings
from simulator.score.odds import Odds
from simulator.score.opt_outs import quantile, seconds_to_last_touch
from simulator.score.recount import recount
from simulator.truth import Truth
from simulator.violations import violations


@dataclass(frozen=True)
class Run:
    """What is judged: the wire's record of so many days, up to `ended`."""

    record: Record
    days: int
    ended: datetime


def score(
    run: Run, world: KnownWorld, odds: Odds, truth: Truth, claims: Claims, *, reports: Sequence[str] = ()
) -> dict[str, Any]:
    """The figures of one run, without wall-clock times or generated ids: same seed, same bytes.

    `planned`, `refused` and `outcomes` are the loop's own account, since no wire sees a plan. Everything else
    is counted from the record and the truth. `missing` names stages that do not exist: what they would have
    done counts as not done. `reports` are the files that a run leaves behind.
    """
    contacts = [each for each in run.record.contacts if each.person]
    judged = judge_experiments(claims.experiments, _references(contacts), truth.planted, odds)
    first_test = min((each.started_at for each in claims.experiments), default=None)
    worth = meetings(contacts, truth.planted, odds, first_test)
    counted = recount(run.record, world)
    late = seconds_to_last_touch(run.record, run.ended)
    return {
        "days": run.days,
        "leads": claims.account.leads,
        "planned": claims.account.planned,
        "sent": run.record.sent(),
        "refused": dict(sorted(claims.account.refused.items())),
        "outcomes": dict(sorted(claims.account.outcomes.items())),
        "violations": violations(run.record, world),
        "reports": list(reports),
        "opt_out_to_last_touch_s": {"p50": _round(quantile(late, 0.5)), "p99": _round(quantile(late, 0.99))},
        "experiments": [each.to_json(run.ended) for each in judged],
        "false_wins": sum(each.false_win for each in judged),
        "missed_winners": sum(each.missed for each in judged),
        **_worth(worth),
        "hypotheses": judge_hypotheses(claims.hypotheses, judged, contacts, truth.planted, odds, run.record),
        "faults": judge_faults(truth.injected, claims.incidents, run.ended),
        "recount": {"figures": counted.figures, "mismatches": len(counted.mismatches)},
        "missing": list(claims.missing),
    }


def _worth(found: Meetings) -> dict[str, Any]:
    names = ("loop", "baseline", "oracle")
    return {
        "regret": round(found.regret, 3),
        "meetings": {name: round(getattr(found, name), 3) for name in names},
    }


def _references(contacts: Sequence[Contact]) -> Mapping[str, Contact]:
    return {each.reference: each for each in contacts if each.reference is not None}


def _round(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 1)
