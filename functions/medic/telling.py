"""Tell the owner of incidents, each once, through the ledger; by text where the mail cannot go out."""

from __future__ import annotations

from functions.failures import describe, frames
from functions.medic.escalation import Alert, alerts
from functions.medic.playbooks import is_beyond_repair
from functions.medic.probes import Scene, Tier
from functions.owner_deliveries import LATEST, hand_over, mail_payload
from shared.errors import ConfigurationError, StateError
from shared.loop import Loop
from shared.mail.incident import IncidentMail, incident_text
from shared.state.incidents import Incident


def tell(loop: Loop, found: tuple[Incident, ...], scene: Scene, tier: Tier) -> list[str]:
    """Send what is due; answers `MEDIUM KIND: OUTCOME` for what was handed over now, or failed."""
    said = []
    for alert in _untold(loop, alerts(found, scene.now, scene.limits.escalation)):
        outcome = _told(loop, alert, scene, tier)
        if outcome.startswith("failed") and alert.medium == "email":
            spare = Alert(alert.incident, "sms", alert.turn)
            said.append(f"sms {alert.incident.kind}: {_told(loop, spare, scene, tier)}")
        said.append(f"{alert.medium} {alert.incident.kind}: {outcome}")
    return [each for each in said if ": already" not in each and ": off" not in each]


def _untold(loop: Loop, due: list[Alert]) -> list[Alert]:
    """Without those that were told: what stays wrong for hours is not made into a mail every five minutes."""
    told = loop.state.outreach.settled_deliveries([each.natural_key for each in due]) if due else set()
    return [each for each in due if each.natural_key not in told]


def _told(loop: Loop, alert: Alert, scene: Scene, tier: Tier) -> str:
    """Raises `StateError` only: a message that cannot be made or sent must not end the watch."""
    mail = IncidentMail(
        business_name=loop.settings.business_name,
        zone=loop.settings.timezone,
        incident=alert.incident,
        beyond_repair=is_beyond_repair(alert.incident, scene, tier),
    )
    try:
        return _by_text(loop, alert, mail) if alert.medium == "sms" else _by_mail(loop, alert, mail)
    except StateError:
        raise
    except ConfigurationError:
        return "off"
    except Exception as error:  # noqa: BLE001 - a message that cannot be made must not end the watch
        loop.log.error(
            "incident %s not told: %s\n%s", alert.incident.id, describe(error)["kind"], frames(error)
        )
        return "failed: unexpected"


def _by_mail(loop: Loop, alert: Alert, mail: IncidentMail) -> str:
    from shared.mail.render import render_incident

    return hand_over(loop, "email", mail_payload(loop, render_incident(mail)), natural_key=alert.natural_key)


def _by_text(loop: Loop, alert: Alert, mail: IncidentMail) -> str:
    from shared.providers.twilio.payload import sms_payload

    settings, now = loop.settings, loop.clock.now()
    if settings.owner_phone is None:
        return "off"
    payload = sms_payload(
        to_e164=settings.owner_phone, body=incident_text(mail), now=now, latest=now + LATEST
    )
    return hand_over(loop, "sms", payload, natural_key=alert.natural_key)
