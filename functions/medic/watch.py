"""The watch: every five minutes, cheap looks and typed remedies.

Silence of the whole system is for others to notice: the ping to a dead man's switch outside stops with it.
"""

from __future__ import annotations

from collections.abc import Sequence

from functions.medic.ping import ping
from functions.medic.rounds import Account, behold, look_round, preview_round, sight
from shared.loop import Loop
from shared.period import Period
from shared.report import Noticed, StageReport

STAGE = "watch"


def run(loop: Loop, period: Period, *, preview: bool, run_no: int) -> StageReport:  # noqa: ARG001 - one shape
    """One round of the watch's probes and playbooks. A preview looks, and neither records nor repairs."""
    if preview:
        return report(STAGE, preview_round(behold(loop, "watch"), "watch"))
    ping(loop, "start")
    try:
        account = look_round(loop, "watch")
    except BaseException:
        ping(loop, "fail")
        raise
    ping(loop, "ok")
    return report(STAGE, account)


def glance(loop: Loop, noticed: Sequence[Noticed]) -> None:
    """Put on record at once what is amiss, and what is not any more, from within another stage's run.

    A second look closes what nobody knew of and was mended already; the rest of what was `noticed` is open
    until the next one. Repairs and messages are left to the watch, which comes within minutes.
    """
    scene = behold(loop, "watch")
    first = sight(loop, scene, "watch", noticed)
    new = {(each.kind, each.target) for each in first.open if each.id in first.opened}
    rest = [each for each in noticed if not each.mended or (each.kind, each.target) not in new]
    if len(rest) < len(noticed):
        sight(loop, scene, "watch", rest)


def report(stage: str, account: Account) -> StageReport:
    """A round in counts and sentences. Open incidents do not make it fail: naming them is its work."""
    counts = {
        "open": account.open,
        "opened": account.opened,
        "closed": account.closed,
        "repairs": account.repairs,
        "told": account.told,
    }
    notes = tuple(f"Still wrong: {name}." for name in account.open)
    return StageReport(stage, None, "ok", counts=counts, notes=notes)
