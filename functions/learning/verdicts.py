"""From the counts of a running test to what is done about it. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from shared.directives.outreach import TestPolicy
from shared.state.experiments import Counting, SourceCounts
from shared.stats import (
    Arm,
    ExperimentCounts,
    ExperimentPlan,
    LiveArm,
    Verdict,
    decide,
    detector_step,
    harm_log_e,
)
from shared.stats.policy import HARM

CONFIRMING_LIFT = -0.10
_DAY = timedelta(days=1)

StepAction = Literal["SUSPEND", "RESUME", "DEPLOY", "REVIEW", "KILL", "ROLLBACK", "INVALID_SRM", "KEPT"]


@dataclass(frozen=True)
class Decision:
    """What changes for one experiment, and every figure that it rests on."""

    experiment: Counting
    action: StepAction
    reason: str
    verdict: Verdict

    def row(self) -> dict[str, Any]:
        """As the database takes it."""
        counts = [each.model_dump() for each in self.experiment.counts]
        return {
            "id": self.experiment.id,
            "action": self.action,
            "reason": self.reason,
            "figures": {**asdict(self.verdict), "counts": counts},
        }


def plan_of(experiment: Counting, policy: TestPolicy) -> ExperimentPlan:
    """The plan as it was fixed at the start, with the owner's bands."""
    return ExperimentPlan(
        experiment.base_rate,
        experiment.n_max,
        alpha=experiment.alpha,
        treatment_share=experiment.treatment_share,
        max_days=experiment.max_days,
        min_per_arm=policy.per_arm,
        deploy_lift=policy.deploy_above,
        review_lift=policy.review_below,
        rollback_lift=policy.rollback_at,
    )


def counts_of(experiment: Counting) -> ExperimentCounts:
    """Both arms over all sources, and by source."""
    sources = sorted({each.source for each in experiment.counts})
    of = {name: [each for each in experiment.counts if each.arm == name] for name in ("control", "treatment")}
    return ExperimentCounts(
        _arm(of["control"]),
        _arm(of["treatment"]),
        _live(of["control"]),
        _live(of["treatment"]),
        guardrails={
            name: (_total(of["control"], name), _total(of["treatment"], name))
            for name in experiment.guardrails
        },
        sources={
            source: (
                _arm([c for c in of["control"] if c.source == source]),
                _arm([c for c in of["treatment"] if c.source == source]),
            )
            for source in sources
        },
    )


def _total(counts: Iterable[SourceCounts], name: str) -> int:
    return sum(getattr(each, name) for each in counts)


def _arm(counts: list[SourceCounts]) -> Arm:
    return Arm(_total(counts, "matured"), _total(counts, "matured_succeeded"))


def _live(counts: list[SourceCounts]) -> LiveArm:
    arm = _arm(counts)
    return LiveArm(_total(counts, "assigned"), _total(counts, "succeeded"), arm.failures)


def next_step(experiment: Counting, now: datetime, policy: TestPolicy) -> Decision | None:
    """What this check changes; None while everything stays as it is."""
    plan, counts = plan_of(experiment, policy), counts_of(experiment)
    verdict = decide(plan, counts, (now - experiment.started_at) / _DAY)
    if experiment.kind == "holdback":
        return _holdback(experiment, verdict, now)
    if experiment.state == "suspended":
        return _suspended(experiment, plan, counts, verdict, now)
    if verdict.action == "CONTINUE":
        return None
    if verdict.reason == HARM and experiment.window_days > 0:
        return Decision(experiment, "SUSPEND", HARM, verdict)
    return Decision(experiment, verdict.action, verdict.reason, verdict)


def _suspended(
    experiment: Counting, plan: ExperimentPlan, counts: ExperimentCounts, verdict: Verdict, now: datetime
) -> Decision | None:
    """A slow treatment looks bad before its answers arrive: confirm the switch-off when all are in."""
    waits_until = (experiment.suspended_at or now) + timedelta(days=experiment.window_days, hours=1)
    if now < waits_until:
        return None
    matured = [LiveArm(arm.n, arm.successes, arm.failures) for arm in (counts.control, counts.treatment)]
    proven = harm_log_e(plan, *matured) >= plan.harm_log_e
    if not proven and not (verdict.lift is not None and verdict.lift <= CONFIRMING_LIFT):
        return Decision(experiment, "RESUME", "the late outcomes made up for it", verdict)
    deep = verdict.lift is not None and verdict.lift <= plan.rollback_lift
    return Decision(experiment, "ROLLBACK" if deep else "KILL", HARM, verdict)


def _holdback(experiment: Counting, verdict: Verdict, now: datetime) -> Decision | None:
    """After a deploy only harm counts; what has done none in its days is kept."""
    if verdict.guardrail or verdict.reason == HARM:
        return Decision(experiment, "ROLLBACK", verdict.reason, verdict)
    if now >= experiment.started_at + timedelta(days=experiment.max_days):
        return Decision(experiment, "KEPT", "no harm seen", verdict)
    return None


def watched(experiment: Counting) -> dict[str, Any] | None:
    """The detector's next step over what came of age after a deploy; None where nothing did.

    What came of age between two checks is one step, so the order within it cannot matter.
    """
    if experiment.kind != "holdback":
        return None
    arm = _arm([each for each in experiment.counts if each.arm == "treatment"])
    n = arm.n - experiment.detector_n
    if n <= 0:
        return None
    # A success that is heard of late counts in the next step: nothing that was counted is taken back.
    successes = min(arm.successes - experiment.detector_successes, n)
    level, alert = detector_step(experiment.detector_level, successes, n - successes, experiment.base_rate)
    return {
        "id": experiment.id,
        "was": experiment.detector_n,
        "n": arm.n,
        "successes": experiment.detector_successes + successes,
        "level": level,
        "alert": alert,
    }
