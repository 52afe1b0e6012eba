"""Resend: mails are accepted here, and what people do with them begins here."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import dropwhile, takewhile
from typing import Any

from simulator import booking
from simulator.agenda import Delivery, Effect
from simulator.wire import resend_bodies as bodies
from simulator.wire.backstage import (
    Backstage,
    Party,
    as_dict,
    compact,
    fingerprint,
    iso,
    meet,
    write_down,
)
from simulator.wire.http import JSON, Request, Response, answer
from simulator.wire.resend_bodies import Body, Inbound, Mail
from simulator.world.dice import stable_uuid
from simulator.world.emails import EmailOutcome, Happening, delivered_only, receive
from simulator.world.features import Said

KEY_KEPT = timedelta(hours=24)
ADDRESS = re.compile(r"^[^@\s<>]+@[^@\s<>]+\.[^@\s<>]+$")
RETRIES = tuple(timedelta(seconds=seconds) for seconds in (0, 5, 300, 1800, 2 * 3600, 5 * 3600, 10 * 3600))
PERSON_RETRIES = (timedelta(hours=1), timedelta(days=1))
LIMIT_HEADERS = {"ratelimit-limit": "5", "ratelimit-remaining": "4", "ratelimit-reset": "1"}
NAMES = {
    401: ("missing_api_key", "Missing API key in the authorization header."),
    403: ("invalid_api_key", "API key is invalid"),
    404: ("not_found", "The requested endpoint does not exist."),
    429: (
        "rate_limit_exceeded",
        "Too many requests. You can only make 5 requests per second. See rate limit response headers "
        "for more information.",
    ),
}
FORMAT = "The email address needs to follow the `email@example.com` or `Name <email@example.com>` format."
OTHER_PAYLOAD = (
    "This idempotency key has been used on a request that had a different payload. Retrying this request "
    "is useless without changing the idempotency key or payload."
)
FORM = "application/x-www-form-urlencoded"
ONE_CLICK = b"List-Unsubscribe=One-Click"


def problem(status: int, name: str, message: str) -> Response:
    """Resend's error body."""
    headers = LIMIT_HEADERS | ({"retry-after": "1"} if status == 429 else {})
    return answer(status, {"statusCode": status, "name": name, "message": message}, headers)


@dataclass(frozen=True)
class Kept:
    """What an idempotency key stands for."""

    content: str
    at: datetime
    body: Body


class ResendFake:
    """`POST /emails` with idempotency keys; `GET` of emails, received emails, logs and domains.

    The rate limit is shown in headers but not enforced: virtual time stands still while a batch is sent.
    """

    def __init__(self, back: Backstage) -> None:
        self._back = back
        self._mails: dict[str, Mail] = {}
        self._keys: dict[str, Kept] = {}
        self._logs: list[Body] = []

    def point(self, request: Request) -> str:
        """See `Fake`."""
        if (request.method, request.path) == ("POST", "/emails"):
            return "resend.send"
        return f"resend.{request.path.strip('/').split('/')[0]}"

    def failure(self, status: int) -> Response:
        """See `Fake`."""
        name, message = NAMES.get(status, ("internal_server_error", "An unexpected error occurred."))
        return problem(status, name, message)

    def quota(self) -> Response:
        """See `Fake`."""
        return problem(429, "daily_quota_exceeded", "You have reached your daily email sending quota.")

    def handle(self, request: Request) -> Response:
        """See `Fake`."""
        refusal = self._refuse_access(request)
        if refusal is not None:
            return refusal
        if (request.method, request.path) == ("POST", "/emails"):
            response = self._send(request)
            self._log(request, response)
            return response
        if request.method == "GET":
            return self._read(request)
        return self.failure(404)

    def _refuse_access(self, request: Request) -> Response | None:
        if not request.headers.get("user-agent"):
            return problem(403, "validation_error", "A User-Agent header is required.")
        given = request.headers.get("authorization", "")
        if not given.removeprefix("Bearer").strip():
            return self.failure(401)
        return None if given == f"Bearer {self._back.credentials.resend_key}" else self.failure(403)

    def _send(self, request: Request) -> Response:
        key = request.headers.get("idempotency-key")
        if key is not None and not 1 <= len(key) <= 256:
            return problem(400, "invalid_idempotency_key", "The key must be between 1 and 256 characters.")
        try:
            body = as_dict(request.json())
        except ValueError:
            return problem(400, "validation_error", "The request body is not valid JSON.")
        complaint = self._complain(body)
        if complaint is not None:
            return complaint
        content = fingerprint(sorted(body.items(), key=lambda item: item[0]))
        kept = self._keys.get(key or "")
        now = self._back.clock.now
        if kept is not None and now - kept.at < KEY_KEPT:
            if kept.content != content:
                return problem(409, "invalid_idempotent_request", OTHER_PAYLOAD)
            return answer(200, kept.body, LIMIT_HEADERS)
        accepted = {"id": self._accept(body, key, now).id}
        if key:
            self._keys[key] = Kept(content, now, accepted)
        return answer(200, accepted, LIMIT_HEADERS)

    def _complain(self, body: Body) -> Response | None:
        for name in ("from", "to", "subject"):
            if not body.get(name):
                return problem(422, "missing_required_field", f"Missing `{name}` field.")
        if not body.get("html") and not body.get("text"):
            return problem(422, "missing_required_field", "Missing `html` or `text` field.")
        sender = bodies.bare(str(body["from"]))
        if not ADDRESS.match(sender):
            return problem(422, "invalid_from_address", f"Invalid `from` field. {FORMAT}")
        if not all(ADDRESS.match(bodies.bare(to)) for to in bodies.listed(body["to"])):
            return problem(422, "validation_error", f"Invalid `to` field. {FORMAT}")
        domain = sender.partition("@")[2]
        if domain not in self._back.credentials.sending_domains:
            text = f"The {domain} domain is not verified. Please, add and verify your domain."
            return problem(403, "validation_error", text)
        return None

    def _accept(self, body: Body, key: str | None, now: datetime) -> Mail:
        results = tuple(self._receive(body, key, to, now) for to in _recipients(body))
        first = results[0][0]
        seed = self._back.world.seed
        ident = stable_uuid(seed, "resend", first.name, first.n)
        mail = Mail(ident, body, now, results)
        replies = tuple(
            bodies.inbound(mail, party, happening, seed)
            for party, outcome in results
            for happening in outcome.happenings
            if happening.text
        )
        mail = replace(mail, inbound=replies)
        self._mails[mail.id] = mail
        for party, outcome in results:
            self._back.agenda.add(*self._deliveries(mail, party, outcome))
        return mail

    def _receive(self, body: Body, key: str | None, to: str, now: datetime) -> tuple[Party, EmailOutcome]:
        person = self._back.world.at_email(to)
        party = meet(self._back, "email", to, person)
        outcome = delivered_only(now)
        if person is not None and person.bad_address and party.n > 1:
            outcome = EmailOutcome("bounced", (Happening("suppressed", now + timedelta(seconds=1)),))
        elif person is not None:
            said = Said("email", str(body.get("text") or ""), str(body["subject"]))
            world = self._back.world
            outcome = receive(world, person, n=party.n, at=now, previous=party.previous, said=said)
            outcome = self._attacked(outcome, person.identity, party.n, now)
        content = fingerprint(body["subject"], body.get("text"), body.get("html"))
        write_down(
            self._back,
            party,
            "email",
            now,
            reference=_reference(body, key),
            content=content,
            outcome=outcome.disposition,
            text=str(body.get("text") or ""),
            subject=str(body["subject"]),
        )
        return party, outcome

    def _attacked(self, outcome: EmailOutcome, person: str, n: int, now: datetime) -> EmailOutcome:
        if not any(each.kind == "replied" for each in outcome.happenings):
            return outcome
        words = self._back.faults.people.attack("reply", person, "email", n, now)
        if words is None:
            return outcome
        said = (
            replace(each, text=f"{each.text}\n\n{words}") if each.kind == "replied" else each
            for each in outcome.happenings
        )
        return replace(outcome, happenings=tuple(said))

    def _deliveries(self, mail: Mail, party: Party, outcome: EmailOutcome) -> Iterable[Delivery]:
        sent = mail.at + timedelta(seconds=0.5)
        body = bodies.event("sent", sent, bodies.data(mail, party.to))
        yield self._webhook(party, 0, "sent", sent, body, Effect())
        replies = iter([reply for reply in mail.inbound if bodies.bare(reply.sender) == party.to])
        for order, happening in enumerate(outcome.happenings, start=1):
            if happening.text:
                body = bodies.received_event(next(replies))
                effect = _effect(happening)
                yield self._webhook(party, order, "received", happening.at, body, effect)
            elif happening.kind.startswith(("unsubscribed", "scanned")):
                yield from self._leave(mail, party, order, happening)
            elif happening.kind == "booking":
                yield from self._book(mail, party, order, happening.at)
            else:
                yield from self._noted(mail, party, order, happening)

    def _noted(self, mail: Mail, party: Party, order: int, happening: Happening) -> Iterable[Delivery]:
        body = bodies.happening_event(mail, party.to, happening)
        if body is not None:
            stop = Effect(stop=happening.kind == "complained")
            yield self._webhook(party, order, happening.kind, happening.at, body, stop)

    def _leave(self, mail: Mail, party: Party, order: int, happening: Happening) -> Iterable[Delivery]:
        """Use of the unsubscribe link; somebody who finds none presses the spam button.

        A scanner follows the other link as well, and must not have booked anything by that.
        """
        link, other = bodies.unsubscribe_link(mail), bodies.offered_link(mail)
        if link is None:
            if happening.kind != "scanned":
                yield from self._noted(mail, party, order, replace(happening, kind="complained"))
            return
        base = Delivery(
            at=happening.at,
            person=party.name,
            channel="email",
            n=party.n,
            order=order,
            kind=happening.kind,
            scheme="none",
            url=link,
            body=b"",
            content_type=FORM,
            event_id=f"{mail.id}:{order}",
            method="GET",
        )
        if happening.kind != "unsubscribed_one_click":
            yield base
        if happening.kind == "scanned" and other is not None:
            yield replace(base, url=other, event_id=f"{mail.id}:{order}:other")
        if happening.kind != "scanned":
            later = happening.at + timedelta(seconds=5)
            act = replace(base, at=later, order=order + 1, method="POST", body=ONE_CLICK)
            yield replace(act, retries=PERSON_RETRIES, effect=Effect(stop=True))

    def _book(self, mail: Mail, party: Party, order: int, at: datetime) -> Iterable[Delivery]:
        """A look at the booking page, if the mail offers one."""
        link = bodies.offered_link(mail)
        if link is not None:
            event_id = f"{mail.id}:{order}"
            yield booking.visit(at, party.name, "email", party.n, order, url=link, event_id=event_id)

    def _webhook(
        self, party: Party, order: int, kind: str, at: datetime, body: Body, effect: Effect
    ) -> Delivery:
        seed = self._back.world.seed
        return Delivery(
            at=at,
            person=party.name,
            channel="email",
            n=party.n,
            order=order,
            kind=kind,
            scheme="svix",
            url=self._back.credentials.resend_url,
            body=compact(body),
            content_type=JSON,
            event_id="msg_" + stable_uuid(seed, party.name, party.n, order, kind).replace("-", ""),
            retries=RETRIES,
            effect=effect,
        )

    def _log(self, request: Request, response: Response) -> None:
        seed = self._back.world.seed
        entry = {
            "id": stable_uuid(seed, "log", len(self._logs), request.body),
            "created_at": iso(self._back.clock.now),
            "endpoint": request.path,
            "method": request.method,
            "response_status": response.status,
            "user_agent": request.headers.get("user-agent", ""),
            "request_body": _parsed(request.json),
            "response_body": _parsed(Request("", "", {}, {}, response.body).json),
        }
        self._logs.append(entry)

    def _read(self, request: Request) -> Response:
        kind, _, name = request.path.strip("/").partition("/")
        now = self._back.clock.now
        if kind == "domains" and not name:
            return _page([bodies.domain(each) for each in self._back.credentials.sending_domains], request)
        if kind == "logs":
            hidden = {"request_body", "response_body"}
            known = [log for log in reversed(self._logs) if log["created_at"] <= iso(request.as_of or now)]
            rows = [{k: v for k, v in log.items() if k not in hidden} for log in known]
            return _found(self._log_named(name)) if name else _page(rows, request)
        if kind == "emails" and name.partition("/")[0] == "receiving":
            return self._received(name.partition("/")[2], request, now)
        if kind == "emails" and name:
            mail = self._mails.get(name)
            return _found(bodies.resource(mail, now) if mail else None)
        if kind == "emails":
            known_mails = (mail for mail in self._mails.values() if mail.at <= (request.as_of or now))
            mails = sorted(known_mails, key=lambda mail: (mail.at, mail.id), reverse=True)
            return _page([bodies.summary(mail, now) for mail in mails], request)
        return self.failure(404)

    def _log_named(self, name: str) -> Body | None:
        found = next((log for log in self._logs if log["id"] == name), None)
        return {"object": "log", **found} if found else None

    def _received(self, name: str, request: Request, now: datetime) -> Response:
        here = [(reply, mail) for mail in self._mails.values() for reply in mail.inbound if reply.at <= now]
        found = next((each for each in here if each[0].id == name), None)
        if name:
            return _found(self._read_by_loop(*found, now) if found else None)
        known = [reply for reply, _ in here if reply.at <= (request.as_of or now)]
        rows = sorted(known, key=lambda reply: (reply.at, reply.id), reverse=True)
        return _page([bodies.received_row(reply) for reply in rows], request)

    def _read_by_loop(self, reply: Inbound, mail: Mail, now: datetime) -> Body:
        """A reply with its words: whatever became of its webhook, the loop knows them now."""
        party = next(each for each, _ in mail.results if each.to == bodies.bare(reply.sender))
        self._back.record.read(party.name, "email", party.n, "received", now)
        return bodies.received_resource(reply)


def _recipients(body: Body) -> list[str]:
    return [bodies.bare(to) for name in ("to", "cc", "bcc") for to in bodies.listed(body.get(name))]


def _reference(body: Body, key: str | None) -> str | None:
    if key:
        return key
    tags = {as_dict(tag).get("name"): as_dict(tag).get("value") for tag in body.get("tags") or ()}
    return tags.get("touch_id")


def _effect(happening: Happening) -> Effect:
    if happening.reply_class == "opt_out":
        return Effect(stop=True)
    return Effect(act=happening.reply_class if happening.kind == "replied" else None)


def _parsed(read: Callable[[], Any]) -> Any:
    try:
        return read()
    except ValueError:
        return None


def _found(body: Body | None) -> Response:
    if body is None:
        return problem(404, "not_found", "The requested resource could not be found.")
    return answer(200, body, LIMIT_HEADERS)


def _page(rows: list[Body], request: Request) -> Response:
    """A page of rows, newest first, by `limit` and the cursors `after` and `before`."""
    limit = min(int(request.query.get("limit", "20")), 100)
    after, before = request.query.get("after"), request.query.get("before")
    if after:
        rows = list(dropwhile(lambda row: row["id"] != after, rows))[1:]
    if before:
        rows = list(takewhile(lambda row: row["id"] != before, rows))[-limit:]
    body = {"object": "list", "has_more": len(rows) > limit, "data": rows[:limit]}
    return answer(200, body, LIMIT_HEADERS)
