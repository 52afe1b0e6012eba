"""What to do about a running test: one pure function of its plan, its counts and its age."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import log
from typing import Literal

from shared.stats.arms import Arm, LiveArm, relative_lift
from shared.stats.evidence import HARM_LIFTS, guardrail_log_e, outcome_log_e, sample_ratio_log_e
from shared.stats.rates import (
    always_valid_interval,
    boundary,
    information,
    pooled_z,
    predictive_power,
    shrunken_lift,
)
from shared.stats.sources import sources_disagree

Action = Literal["CONTINUE", "DEPLOY", "REVIEW", "KILL", "ROLLBACK", "INVALID_SRM"]

NOT_YET = "not enough evidence"
WRONG_SPLIT = "assignment counts do not fit the design"
GUARDRAIL = "more bad events"
HARM = "harm on the primary metric"
WIN = "win"
WIN_SMALL = "win, lift at or under the auto-deploy threshold"
WIN_MARGINAL = "win, marginal lift"
WIN_MIXED = "win, but the sources differ"
PROMISING = "promising but unproven"
FUTILE = "futile"


@dataclass(frozen=True)
class ExperimentPlan:
    """The launch decision, fixed before the first unit. Rates and lifts are shares, evidence is `log(E)`."""

    base_rate: float
    n_max: float
    alpha: float = 0.05
    treatment_share: float = 0.5
    max_days: float = 30
    min_days: float = 7
    min_per_arm: int = 100
    min_successes: int = 20
    min_assigned: int = 50
    deploy_lift: float = 0.20
    review_lift: float = 0.10
    rollback_lift: float = -0.30
    srm_log_e: float = log(100)
    guardrail_log_e: float = log(20)
    harm_log_e: float = log(10)
    futile_share: float = 0.20
    futile_power: float = 0.02
    promising_z: float = 1.28


@dataclass(frozen=True)
class ExperimentCounts:
    """Matured and live counts of both arms.

    `guardrails` are bad events (control, treatment) by name, `sources` the matured arms by source of lead.
    """

    control: Arm
    treatment: Arm
    live_control: LiveArm
    live_treatment: LiveArm
    guardrails: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    sources: Mapping[str, tuple[Arm, Arm]] = field(default_factory=dict)


@dataclass(frozen=True)
class Verdict:
    """A decision with every figure that it used, as it is stored. None means "says nothing".

    `alert`: the owner should hear of it today, since the change did real damage.
    """

    action: Action
    reason: str
    alert: bool
    z: float
    boundary: float | None
    t: float
    lift: float | None
    shrunken_lift: float | None
    live_lift: float | None
    difference_low: float | None
    difference_high: float | None
    log_e_harm: float
    log_e_srm: float
    predictive_power: float
    guardrail: str | None = None

    @property
    def is_win(self) -> bool:
        """Whether it claims that the treatment is better."""
        return self.reason.startswith(WIN)

    @property
    def ends(self) -> bool:
        """Whether the test is over by it."""
        return self.action != "CONTINUE"


def decide(plan: ExperimentPlan, counts: ExperimentCounts, days: float) -> Verdict:
    """The first rule that applies: broken split, harm, too early, win, hopeless, wait.

    Depends on totals only, so the order of outcomes and the number of looks change nothing. Up to the cap,
    P(a win is claimed | no better) ≤ alpha; P(stopped for harm | no worse) ≤ 10 %; P(broken split | intact)
    ≤ 1 %; P(a guardrail stops | no worse) ≤ 5 % over all of them.
    """
    figures = _Figures.of(plan, counts)
    verdict = (
        _broken_split(plan, figures)
        or _guardrail(plan, counts)
        or _harm(plan, counts, figures)
        or _too_early(plan, counts)
        or _win(plan, counts, figures, days)
        or _hopeless(plan, figures, days)
        or ("CONTINUE", NOT_YET, None)
    )
    return figures.verdict(plan, *verdict)


_Finding = tuple[Action, str, str | None] | None


@dataclass(frozen=True)
class _Figures:
    z: float
    t: float
    boundary: float | None
    lift: float | None
    shrunken: float | None
    live_lift: float | None
    interval: tuple[float | None, float | None]
    log_e_harm: float
    log_e_srm: float
    power: float

    @classmethod
    def of(cls, plan: ExperimentPlan, counts: ExperimentCounts) -> _Figures:
        z = pooled_z(counts.control, counts.treatment)
        t = information(counts.control, counts.treatment, plan.n_max) if plan.n_max > 0 else 1.0
        live_c, live_t = counts.live_control, counts.live_treatment
        return cls(
            z=z,
            t=t,
            boundary=boundary(t, plan.alpha),
            lift=relative_lift(counts.control.rate, counts.treatment.rate),
            shrunken=shrunken_lift(counts.control, counts.treatment),
            live_lift=relative_lift(live_c.rate, live_t.rate),
            interval=always_valid_interval(counts.control, counts.treatment, t),
            log_e_harm=harm_log_e(plan, live_c, live_t),
            log_e_srm=sample_ratio_log_e(live_c.assigned, live_t.assigned, plan.treatment_share),
            power=predictive_power(z, t, plan.alpha),
        )

    def verdict(self, plan: ExperimentPlan, action: Action, reason: str, guardrail: str | None) -> Verdict:
        fell = self.lift is not None and self.lift <= plan.rollback_lift
        return Verdict(
            action=action,
            reason=reason,
            alert=action in ("ROLLBACK", "INVALID_SRM") or (action == "KILL" and fell),
            z=self.z,
            boundary=self.boundary,
            t=self.t,
            lift=self.lift,
            shrunken_lift=self.shrunken,
            live_lift=self.live_lift,
            difference_low=self.interval[0],
            difference_high=self.interval[1],
            log_e_harm=self.log_e_harm,
            log_e_srm=self.log_e_srm,
            predictive_power=self.power,
            guardrail=guardrail,
        )


def harm_log_e(plan: ExperimentPlan, control: LiveArm, treatment: LiveArm) -> float:
    """Evidence that the treatment is worse, from everything known now, late outcomes included."""
    return outcome_log_e(
        (control.successes, control.failures),
        (treatment.successes, treatment.failures),
        base_rate=plan.base_rate,
        lifts=HARM_LIFTS,
        treatment_share=plan.treatment_share,
    )


def _assigned_enough(plan: ExperimentPlan, counts: ExperimentCounts) -> bool:
    return min(counts.live_control.assigned, counts.live_treatment.assigned) >= plan.min_assigned


def _broken_split(plan: ExperimentPlan, figures: _Figures) -> _Finding:
    return ("INVALID_SRM", WRONG_SPLIT, None) if figures.log_e_srm >= plan.srm_log_e else None


def _guardrail(plan: ExperimentPlan, counts: ExperimentCounts) -> _Finding:
    if not counts.guardrails or not _assigned_enough(plan, counts):
        return None
    needed = plan.guardrail_log_e + log(len(counts.guardrails))
    for name, events in sorted(counts.guardrails.items()):
        if guardrail_log_e(*events, plan.treatment_share) >= needed:
            return "ROLLBACK", f"{GUARDRAIL}: {name}", name
    return None


def _harm(plan: ExperimentPlan, counts: ExperimentCounts, figures: _Figures) -> _Finding:
    if figures.log_e_harm < plan.harm_log_e or not _assigned_enough(plan, counts):
        return None
    deep = figures.live_lift is not None and figures.live_lift <= plan.rollback_lift
    return ("ROLLBACK" if deep else "KILL"), HARM, None


def _too_early(plan: ExperimentPlan, counts: ExperimentCounts) -> _Finding:
    few = min(counts.control.n, counts.treatment.n) < plan.min_per_arm
    return ("CONTINUE", NOT_YET, None) if few else None


def _win(plan: ExperimentPlan, counts: ExperimentCounts, figures: _Figures, days: float) -> _Finding:
    successes = counts.control.successes + counts.treatment.successes
    if figures.boundary is None or figures.z < figures.boundary:
        return None
    if successes < plan.min_successes or days < plan.min_days:
        return None
    if figures.lift is not None and figures.lift < plan.review_lift:
        return "REVIEW", WIN_MARGINAL, None
    if figures.lift is not None and figures.lift <= plan.deploy_lift:
        return "REVIEW", WIN_SMALL, None
    if sources_disagree(counts.sources.values()):
        return "REVIEW", WIN_MIXED, None
    return "DEPLOY", WIN, None


def _hopeless(plan: ExperimentPlan, figures: _Figures, days: float) -> _Finding:
    full = figures.t >= 1 or days >= plan.max_days
    futile = figures.t >= plan.futile_share and figures.power < plan.futile_power
    if not full and not futile:
        return None
    better = figures.lift is None or figures.lift >= plan.review_lift
    if better and figures.z >= plan.promising_z:
        return "REVIEW", PROMISING, None
    return "KILL", FUTILE, None
