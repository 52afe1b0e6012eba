"""The owner's evening email: counted from the ledger, written in words, sent once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from functions.campaigns.day_figures import count_day, evening_report
from shared.errors import ConfigurationError, ProviderError
from shared.loop import Loop
from shared.mail.render import RenderedMail, render_evening
from shared.period import Period
from shared.providers.channel import Message
from shared.report import StageReport

STAGE = "evening_report"
LEASE_S = 60


def run(loop: Loop, period: Period, *, preview: bool, run_no: int) -> StageReport:
    """Write the day's mail and hand it to Resend. A forced run sends it again; nothing else is repeated."""
    if period.day is None:
        raise ConfigurationError("The evening report is about a day.", code="usage")
    figures = count_day(loop, period)
    mail = render_evening(evening_report(loop, period, figures, interim=preview))
    if preview:
        return StageReport(STAGE, None, "ok", counts={"subject": mail.subject}, notes=(mail.text,))
    if not loop.settings.owner_email or not loop.settings.report_from:
        raise ConfigurationError("GROWTHLOOP_OWNER_EMAIL and GROWTHLOOP_REPORT_FROM are needed for reports.")
    outcome = send(loop, mail, natural_key=f"evening_report:{period.day.isoformat()}:{run_no}")
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


def send(loop: Loop, mail: RenderedMail, *, natural_key: str) -> str:
    """One mail to the owner under the ledger's intent and key; answers what became of it.

    A repeat within 20 hours hands over the same bytes under the same key, which Resend sends once.
    """
    intent = loop.state.outreach.begin_delivery(
        kind="owner_mail",
        channel="email",
        natural_key=natural_key,
        payload=owner_payload(loop, mail),
        provider="resend",
        lease_s=LEASE_S,
    )
    if intent["status"] != "submitted":
        return f"already {intent['status']}"
    latest = loop.clock.now() + timedelta(hours=20)
    try:
        receipt = loop.providers.email.send(Message(str(intent["id"]), intent["payload"], latest))
    except ProviderError as error:
        verdict: Any = "unknown" if error.outcome_unknown else "failed"
        loop.state.outreach.record_failure(intent["id"], intent["fence"], verdict=verdict, code=error.code)
        return f"failed: {error.code}"
    loop.state.outreach.record_receipt(intent["id"], intent["fence"], receipt.provider_id, None)
    return "sent"


def owner_payload(loop: Loop, mail: RenderedMail) -> dict[str, Any]:
    """The mail as Resend takes it, charts inline."""
    return {
        "from": loop.settings.report_from,
        "to": [loop.settings.owner_email],
        "subject": mail.subject,
        "html": mail.html,
        "text": mail.text,
        "attachments": list(mail.attachments),
    }
