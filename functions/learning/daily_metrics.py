"""Close yesterday: its figures, what is out of the ordinary, where leads pile up; let old words go."""

from __future__ import annotations

from typing import Any

from functions.learning.alarms import QUIET_DAYS, look, sentences
from functions.learning.bottlenecks import tend
from functions.learning.lead_model import renew
from functions.learning.missed_reviews import review_missed
from functions.retention import expire
from shared.errors import ConfigurationError
from shared.loop import Loop
from shared.period import Period
from shared.report import StageReport

STAGE = "daily_metrics"

# Days after the touch within which a figure may still grow: calls settle on the day, an email's reply or a
# meeting takes two weeks (maturity windows of the base rates).
WINDOW_DAYS = {
    "sent": 0,
    "answered": 0,
    "dm_contact": 0,
    "conversation": 0,
    "delivered": 3,
    "bounced": 3,
    "replied": 14,
    "positive": 14,
    "booked": 14,
    "held": 28,
    "opted_out": 14,
    "complained": 14,
}


def run(loop: Loop, period: Period, *, preview: bool, run_no: int) -> StageReport:  # noqa: ARG001 - one shape
    """Roll the day up. A late event still advances the bucket of its touch's day until that is final."""
    if period.day is None:
        raise ConfigurationError("Daily metrics close a day.", code="usage")
    gone: dict[str, int] = {}
    learned: dict[str, Any] = {}
    treated: tuple[str, ...] = ()
    alarms, rates = look(loop, period.day)
    if not preview:
        loop.state.measures.roll_up_days(period.day, WINDOW_DAYS)
        loop.state.alarms.sound(alarms, quiet_days=QUIET_DAYS)
        treated = tend(loop, period.day)
        gone = expire(loop)  # after the day's figures, which are counts and stay
        learned = {"calls_reviewed": review_missed(loop), **renew(loop, period.day)}
    figures = loop.state.measures.daily(period.day, period.day)
    sent = sum(row["n"] for row in figures if row["metric"] == "sent")
    notes = () if sent else (f"No touch was sent on {period.day.isoformat()}.",)
    return StageReport(
        STAGE,
        None,
        "ok",
        counts={
            "day": period.day.isoformat(),
            "figures": {f"{row['channel']}.{row['metric']}": row["n"] for row in figures},
            "rates": rates,
            "alarms": len(alarms),
            "final": sum(row["final"] for row in figures),
            "expired": {kind: n for kind, n in gone.items() if n},
            **learned,
        },
        notes=(*notes, *sentences(alarms), *treated),
    )
