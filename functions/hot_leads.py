"""Tell the owner of hot leads, by mail and by text, within minutes of what the person said.

Every tick does it before anything else, so it needs no queue and no second schedule: what was not told, being
new or because the mail provider was down, is what the ledger has no receipt for.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

from functions.failures import describe, frames
from functions.owner_deliveries import LATEST, hand_over, mail_payload
from shared.errors import ConfigurationError, StateError
from shared.links import booking_url, handled_url
from shared.loop import Loop
from shared.state.hot_leads import Alert, Medium

MOST = 20  # in one tick; the rest comes with the next, and all of them stand in the evening email
LINK_LIFE = timedelta(days=30)


def tell_owner(loop: Loop, now: datetime) -> Counter[str]:
    """Send what the owner was not told yet; counts what became of it, by `sent`, `already …`, `failed: CODE`.

    One alert's trouble never stops the others, nor the touches after it. Raises `StateError`.
    """
    told: Counter[str] = Counter()
    media = _media(loop)
    if not media:
        return told
    for alert in loop.state.hot_leads.to_tell(now - LATEST, media, MOST):
        told[_tell(loop, alert, now)] += 1
    return told


def _media(loop: Loop) -> list[Medium]:
    """How the owner can be reached with what is set."""
    settings = loop.settings
    texts = any(sender.channel == "sms" for sender in settings.senders)
    found: list[Medium] = ["email"] if settings.owner_email and settings.report_from else []
    return [*found, "sms"] if settings.owner_phone and texts else found


def _tell(loop: Loop, alert: Alert, now: datetime) -> str:
    try:
        return _sent(loop, alert, now)
    except StateError:
        raise
    except ConfigurationError as error:
        return f"failed: {error.code}"
    except Exception as error:  # noqa: BLE001 - a mail that cannot be made must not stop the touches
        loop.log.error("hot lead %s not told: %s\n%s", alert.lead_id, describe(error)["kind"], frames(error))
        return "failed: unexpected"


def _sent(loop: Loop, alert: Alert, now: datetime) -> str:
    from shared.mail.hot_lead import Desk, hot_lead_text

    settings = loop.settings
    ours = booking_url(settings, alert.touch_id) if alert.touch_id else ""
    desk = Desk(
        business_name=settings.business_name,
        owner_name=settings.owner_name,
        zone=settings.timezone,
        minutes=loop.book.outreach.meetings.minutes,
        booking_url=settings.booking_url or ours,
        handled_url=handled_url(settings, alert.lead_id, until=now + LINK_LIFE),
    )
    if alert.medium == "sms":
        from shared.providers.twilio.payload import sms_payload

        text = hot_lead_text(alert, desk)
        payload = sms_payload(to_e164=str(settings.owner_phone), body=text, now=now, latest=now + LATEST)
        return hand_over(loop, "sms", payload, natural_key=alert.natural_key)
    from shared.mail.render import render_hot_lead

    mail = mail_payload(loop, render_hot_lead(alert, desk))
    return hand_over(loop, "email", mail, natural_key=alert.natural_key)
