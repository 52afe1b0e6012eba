"""The shapes of Resend's answers and webhooks."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from simulator.wire.backstage import Party, as_dict, iso
from simulator.world.dice import dice, stable_uuid
from simulator.world.emails import EmailOutcome, Happening

Body = dict[str, Any]

UNKNOWN_USER = ["smtp; 550 5.1.1 user unknown"]
FULL_BOX = ["smtp; 452 4.2.2 mailbox full"]
MACHINE = ("203.0.113.7", "Mozilla/5.0 (compatible; LinkScanner/2.1)")
HUMAN = ("198.51.100.24", "Mozilla/5.0 (X11; Linux x86_64)")
HARD = (
    "The recipient's email provider sent a hard bounce message, but didn't specify the reason "
    "for the hard bounce."
)
SUPPRESSED = (
    "Resend has suppressed sending to this address because it is on the account-level suppression list."
)
LAST_EVENTS = {
    "delivered": "delivered",
    "delayed": "delivery_delayed",
    "bounced": "bounced",
    "soft_bounced": "bounced",
    "opened": "opened",
    "clicked": "clicked",
    "complained": "complained",
    "suppressed": "suppressed",
}


@dataclass(frozen=True)
class Inbound:
    """A mail a person wrote back."""

    id: str
    at: datetime
    sender: str
    to: str
    subject: str
    text: str
    message_id: str
    in_reply_to: str


@dataclass(frozen=True)
class Mail:
    """One accepted mail and what becomes of it at each of its recipients."""

    id: str
    request: Body
    at: datetime
    results: tuple[tuple[Party, EmailOutcome], ...]
    inbound: tuple[Inbound, ...] = field(default=())

    @property
    def message_id(self) -> str:
        """The Message-ID header under which it travels."""
        return f"<{self.id.replace('-', '')[:20]}-000000@us-east-1.amazonses.com>"

    def last_event(self, now: datetime) -> str:
        """Resend's state of the mail at this moment."""
        past = [
            (happening.at, LAST_EVENTS[happening.kind])
            for _, outcome in self.results
            for happening in outcome.happenings
            if happening.at <= now and happening.kind in LAST_EVENTS
        ]
        return max(past, default=(self.at, "sent"))[1]


def listed(value: object) -> list[str]:
    """Addresses given as one text or as a list."""
    if isinstance(value, str):
        return [value]
    return [str(item) for item in value] if isinstance(value, list) else []


def bare(address: str) -> str:
    """The address out of `Name <address>`."""
    found = re.search(r"<([^<>]+)>\s*$", address)
    return (found.group(1) if found else address).strip()


def stamp(at: datetime) -> str:
    """A time as Postgres prints it, which is how Resend's resources carry it."""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f+00")


def summary(mail: Mail, now: datetime) -> Body:
    """A row of `GET /emails`."""
    return {
        "id": mail.id,
        "to": listed(mail.request.get("to")),
        "from": mail.request["from"],
        "created_at": stamp(mail.at),
        "subject": mail.request["subject"],
        "bcc": listed(mail.request.get("bcc")) or None,
        "cc": listed(mail.request.get("cc")) or None,
        "reply_to": listed(mail.request.get("reply_to")) or None,
        "last_event": mail.last_event(now),
        "scheduled_at": None,
    }


def resource(mail: Mail, now: datetime) -> Body:
    """`GET /emails/{id}`."""
    body = summary(mail, now)
    del body["scheduled_at"]
    contents = {name: mail.request.get(name) for name in ("html", "text")}
    empty = {name: body[name] or [] for name in ("bcc", "cc", "reply_to")}
    return {"object": "email"} | body | contents | empty | {"message_id": mail.message_id}


def data(mail: Mail, to: str) -> Body:
    """What every webhook about a mail carries."""
    tags = {as_dict(tag).get("name"): as_dict(tag).get("value") for tag in mail.request.get("tags") or ()}
    return {
        "email_id": mail.id,
        "created_at": iso(mail.at),
        "from": mail.request["from"],
        "to": [to],
        "subject": mail.request["subject"],
        "message_id": mail.message_id,
        "tags": tags,
    }


def event(kind: str, at: datetime, body: Body) -> Body:
    """A webhook body."""
    return {"type": f"email.{kind}", "created_at": iso(at), "data": body}


def happening_event(mail: Mail, to: str, happening: Happening) -> Body | None:
    """The webhook a happening causes, or None when Resend does not learn of it."""
    kind = LAST_EVENTS.get(happening.kind)
    if kind is None:
        return None
    return event(kind, happening.at, data(mail, to) | _details(mail, happening))


def _details(mail: Mail, happening: Happening) -> Body:
    if happening.kind == "bounced":
        return {"bounce": _bounce("Permanent", "General", HARD, UNKNOWN_USER)}
    if happening.kind == "soft_bounced":
        return {"bounce": _bounce("Transient", "MailboxFull", "The recipient's mailbox is full.", FULL_BOX)}
    if happening.kind == "clicked":
        address, agent = MACHINE if happening.machine else HUMAN
        link = {
            "link": offered_link(mail) or "https://example.com/",
            "timestamp": iso(happening.at),
            "userAgent": agent,
        }
        return {"click": {"ipAddress": address, **link}}
    if happening.kind == "suppressed":
        kind = {"type": "OnAccountSuppressionList", "reason": "previous_bounce"}
        return {"suppressed": {**kind, "message": SUPPRESSED, "diagnosticCode": []}}
    return {}


def _bounce(kind: str, sub_kind: str, message: str, codes: list[str]) -> Body:
    return {"type": kind, "subType": sub_kind, "message": message, "diagnosticCode": codes}


def unsubscribe_link(mail: Mail) -> str | None:
    """The address in the List-Unsubscribe header."""
    headers = {name.casefold(): value for name, value in as_dict(mail.request.get("headers")).items()}
    found = re.search(r"<(https?://[^<>]+)>", str(headers.get("list-unsubscribe", "")))
    return found.group(1) if found else None


def offered_link(mail: Mail) -> str | None:
    """The first link of the text that does not unsubscribe: where somebody who wants a meeting goes."""
    leave = unsubscribe_link(mail)
    text = f"{mail.request.get('html') or ''} {mail.request.get('text') or ''}"
    links = (link for link in re.findall(r"https?://[^\s\"'<>)]+", text) if link != leave)
    return next(links, None)


def inbound(mail: Mail, party: Party, happening: Happening, seed: int) -> Inbound:
    """The mail a reply becomes; half of them quote ours, unsubscribe line and all."""
    name = party.person.name if party.person else ""
    subject = str(mail.request["subject"])
    away = happening.kind == "out_of_office"
    text = happening.text
    if not away and dice(seed, party.name, "quote", party.n).random() < 0.5:
        text += _quoted(mail)
    ident = stable_uuid(seed, "inbound", party.name, party.n, happening.kind)
    return Inbound(
        id=ident,
        at=happening.at,
        sender=f"{name} <{party.to}>" if name else party.to,
        to=bare((listed(mail.request.get("reply_to")) or [str(mail.request["from"])])[0]),
        subject=f"Automatic reply: {subject}" if away else f"Re: {subject.removeprefix('Re: ')}",
        text=text,
        message_id=f"<CA{ident.replace('-', '')}@mail.example.com>",
        in_reply_to=mail.message_id,
    )


def _quoted(mail: Mail) -> str:
    sent = mail.at - timedelta(microseconds=mail.at.microsecond)
    lines = str(mail.request.get("text") or "").splitlines()
    return f"\n\nOn {sent:%a, %b} {sent.day}, {sent.year} {mail.request['from']} wrote:\n" + "\n".join(
        f"> {line}" for line in lines
    )


def received_event(reply: Inbound) -> Body:
    """`email.received`, which brings no text."""
    body = {
        "email_id": reply.id,
        "created_at": iso(reply.at),
        "from": reply.sender,
        "to": [reply.to],
        "cc": [],
        "bcc": [],
        "message_id": reply.message_id,
        "subject": reply.subject,
        "attachments": [],
    }
    return event("received", reply.at, body)


def received_resource(reply: Inbound) -> Body:
    """`GET /emails/receiving/{id}`."""
    headers = {"in-reply-to": reply.in_reply_to, "references": reply.in_reply_to}
    if reply.subject.startswith("Automatic reply"):
        headers["auto-submitted"] = "auto-replied"
    return {
        "object": "email",
        **{"id": reply.id, "to": [reply.to], "from": reply.sender, "created_at": iso(reply.at)},
        "subject": reply.subject,
        "html": f"<p>{html.escape(reply.text).replace(chr(10), '<br>')}</p>",
        "text": reply.text,
        **{"bcc": [], "cc": [], "reply_to": []},
        "message_id": reply.message_id,
        "headers": headers,
        "attachments": [],
    }


def received_row(reply: Inbound) -> Body:
    """A row of `GET /emails/receiving`."""
    hidden = {"object", "html", "text", "headers"}
    return {key: value for key, value in received_resource(reply).items() if key not in hidden}


def domain(name: str) -> Body:
    """A verified sending domain."""
    return {
        "id": stable_uuid("domain", name),
        "name": name,
        "status": "verified",
        "created_at": "2026-01-05 09:00:00.000000+00",
        "region": "us-east-1",
        "capabilities": {"sending": "enabled", "receiving": "enabled"},
    }
