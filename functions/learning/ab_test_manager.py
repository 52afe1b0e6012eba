"""Every half hour: count what is new, decide, ship or take back, ask the owner, start what is next."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from functions.learning.follow_up import follow_up
from functions.learning.launch import judge
from functions.learning.verdicts import Decision, next_step, watched
from shared.directives.outreach import TestPolicy
from shared.experiments import HOLDOUT_WINDOW_DAYS
from shared.loop import Loop
from shared.mail.experiments import shipping_words
from shared.period import Period
from shared.report import StageReport
from shared.state.experiments import Shipping

STAGE = "ab_test_manager"
VOLUME_DAYS = 28
HISTORY_DAYS = 90


def run(loop: Loop, period: Period, *, preview: bool, run_no: int) -> StageReport:  # noqa: ARG001 - one shape
    """Check every running test once. A run that is cut short is finished by the next, step by step."""
    policy, verbs = loop.book.outreach.tests, loop.state.experiments
    if not preview:
        verbs.fold()
        verbs.fold_holdout(HOLDOUT_WINDOW_DAYS)
    now = loop.opened()
    running = list(verbs.counting())
    decisions = [step for each in running if (step := next_step(each, now, policy)) is not None]
    if preview:
        return _report(len(running), decisions, {}, ())
    alerted = verbs.watch([seen for each in running if (seen := watched(each)) is not None])
    moved = set(verbs.decide([each.row() for each in decisions]))
    shipped, overtaken = ship(loop, policy)
    follow_up(loop)
    started, notes = start(loop, policy)
    counts = {"shipped": shipped, "started": started, "alerted": len(alerted)}
    return _report(
        len(running), [d for d in decisions if d.experiment.id in moved], counts, overtaken + notes
    )


def ship(loop: Loop, policy: TestPolicy) -> tuple[int, tuple[str, ...]]:
    """Deploy what won clearly or was approved, ask about the rest; counts what was deployed.

    A text that was changed by somebody else after the verdict stays: the notes and the log say so.
    """
    verbs, deployed, overtaken = loop.state.experiments, 0, []
    for waiting in verbs.shipping():
        approver = "loop" if waiting.state == "decided" else _answered(loop, waiting, policy)
        if approver is None:
            continue
        status = verbs.deploy(
            waiting.id,
            approver=approver,
            holdback_share=policy.holdback_share,
            holdback_days=policy.holdback_days,
        )
        deployed += status == "deployed"
        if status == "overtaken":
            overtaken.append(f"{waiting.directive_key}: not deployed, the text was changed meanwhile.")
    return deployed, tuple(overtaken)


def _answered(loop: Loop, waiting: Shipping, policy: TestPolicy) -> str | None:
    """Who approved a win that needs a yes; asks the first time, and closes it on a no or on silence."""
    verbs = loop.state.experiments
    if waiting.approval is None:
        change = {"deploy": waiting.id, "key": waiting.directive_key, "content_hash": waiting.treatment_hash}
        verbs.request_approval(
            subject=f"experiment:{waiting.id}",
            words=shipping_words(waiting),
            why=waiting.reason,
            change=change,
            fingerprint=fingerprint_of(change),
            days=policy.approval_days,
        )
    elif waiting.approval in ("denied", "expired"):
        verbs.drop(waiting.id, approver="owner" if waiting.approval == "denied" else "silence")
    return "owner" if waiting.approval == "approved" else None


def fingerprint_of(change: dict[str, Any]) -> str:
    """Stands for exactly this change: an approval of one is none of another."""
    return hashlib.sha256(json.dumps(change, sort_keys=True).encode()).hexdigest()


def start(loop: Loop, policy: TestPolicy) -> tuple[int, tuple[str, ...]]:
    """Start what may start, best first; refuse what never could, with the reason."""
    verbs = loop.state.experiments
    queued = verbs.queue(volume_days=VOLUME_DAYS, history_days=HISTORY_DAYS, rest_days=policy.rest_days)
    launches, refusals = judge(queued, policy)
    started = sum(
        verbs.start(
            each.experiment.id,
            base_rate=each.base_rate,
            n_max=each.n_max,
            max_days=each.max_days,
            value=each.value,
        )
        for each in launches
    )
    for refusal in refusals:
        if not refusal.waits:
            verbs.refuse(refusal.experiment.id, refusal.reason)
    return started, tuple(f"{each.experiment.name}: not started, {each.reason}." for each in refusals)


def _report(
    running: int, decisions: list[Decision], more: dict[str, int], notes: tuple[str, ...]
) -> StageReport:
    decided = tuple(f"{each.experiment.name}: {each.action}, {each.reason}." for each in decisions)
    counts = {"running": running, "decided": len(decisions), **more}
    return StageReport(STAGE, None, "ok", counts=counts, notes=(*decided[:20], *notes[:20]))
