"""The medic: nine times a day, all probes, those included that ask outside or look at longer stretches."""

from __future__ import annotations

from functions.medic.rounds import behold, look_round, preview_round
from functions.medic.watch import report
from shared.loop import Loop
from shared.period import Period
from shared.report import StageReport

STAGE = "system_medic"


def run(loop: Loop, period: Period, *, preview: bool, run_no: int) -> StageReport:  # noqa: ARG001 - one shape
    """One round of every probe and playbook. A preview looks, and neither records nor repairs."""
    if preview:
        return report(STAGE, preview_round(behold(loop, "medic"), "medic"))
    return report(STAGE, look_round(loop, "medic"))
