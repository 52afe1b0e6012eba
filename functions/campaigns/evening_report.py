"""The owner's evening email: counted from the ledger, written in words, sent once."""

from __future__ import annotations

from functions.campaigns.day_figures import count_day, evening_report
from functions.owner_deliveries import hand_over, mail_payload
from shared.errors import ConfigurationError
from shared.loop import Loop
from shared.mail.render import render_evening
from shared.period import Period
from shared.report import StageReport

STAGE = "evening_report"


def run(loop: Loop, period: Period, *, preview: bool, run_no: int) -> StageReport:
    """Write the day's mail and hand it to Resend. A forced run sends it again; nothing else is repeated."""
    if period.day is None:
        raise ConfigurationError("The evening report is about a day.", code="usage")
    figures = count_day(loop, period)
    mail = render_evening(evening_report(loop, period, figures, interim=preview))
    if preview:
        return StageReport(STAGE, None, "ok", counts={"subject": mail.subject}, notes=(mail.text,))
    key = f"evening_report:{period.day.isoformat()}:{run_no}"
    outcome = hand_over(loop, "email", mail_payload(loop, mail), natural_key=key)
    return StageReport(
        STAGE,
        None,
        "failed" if outcome.startswith("failed") else "ok",
        counts={
            "subject": mail.subject,
            "mail": outcome,
            "contacted": figures.contacted,
            "funnel": figures.funnel,
        },
        error={"code": "report_not_sent", "message": outcome} if outcome.startswith("failed") else None,
    )
