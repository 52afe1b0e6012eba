"""Twilio: texts are accepted here, status callbacks and answers begin here; numbers are looked up here."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from simulator import booking
from simulator.agenda import Delivery, Effect
from simulator.wire.backstage import Backstage, Party, fingerprint, meet, parse_time, write_down
from simulator.wire.http import Request, Response, answer
from simulator.wire.lookup import looked_up
from simulator.wire.twilio_bodies import (
    API,
    Body,
    Text,
    account_resource,
    campaigns,
    inbound_fields,
    resource,
    segments,
)
from simulator.world.dice import stable_uuid
from simulator.world.texts import TextOutcome, receive_text, text_to_stranger

E164 = re.compile(r"^\+[1-9]\d{6,14}$")
LONGEST = 1600
FORM = "application/x-www-form-urlencoded"
RETRIES = (timedelta(0),)
FINAL = {"delivered": "delivered", "replied": "delivered", "opted_out": "delivered"}
MESSAGES = {
    20003: (401, "Authenticate"),
    20404: (404, "The requested resource was not found"),
    20429: (429, "Too Many Requests"),
    20500: (500, "Internal Server Error"),
    21211: (400, "The 'To' number {to} is not a valid phone number."),
    21408: (
        403,
        "Permission to send an SMS has not been enabled for the region indicated by the 'To' number: {to}",
    ),
    21602: (400, "Message body is required."),
    21603: (400, "A 'From' phone number is required."),
    21604: (400, "A 'To' phone number is required."),
    21610: (400, "Attempt to send to unsubscribed recipient"),
    63038: (429, "The account has exceeded its daily messages limit"),
    21617: (400, "The concatenated message body exceeds the 1600 character limit"),
}


def problem(code: int, to: str = "") -> Response:
    """Twilio's error body."""
    status, message = MESSAGES[code]
    more = f"https://www.twilio.com/docs/errors/{code}"
    body = {"code": code, "message": message.format(to=to), "more_info": more, "status": status}
    return answer(status, body)


class TwilioFake:
    """Messages and Lookup of one account. A keyword such as STOP blocks the number at Twilio itself."""

    def __init__(self, back: Backstage) -> None:
        self._back = back
        self._texts: dict[str, Text] = {}
        self._blocked: dict[str, datetime] = {}
        self._authors: dict[str, Party] = {}

    def point(self, request: Request) -> str:
        """See `Fake`."""
        if request.path.startswith("/v2/"):
            return "twilio.lookup"
        return "twilio.send" if request.method == "POST" else "twilio.read"

    def failure(self, status: int) -> Response:
        """See `Fake`."""
        return problem(20429 if status == 429 else 20500)

    def quota(self) -> Response:
        """See `Fake`: the account's messages of this day are used up."""
        return problem(63038)

    def handle(self, request: Request) -> Response:
        """See `Fake`."""
        account = self._back.credentials.twilio_account_sid
        pair = f"{account}:{self._back.credentials.twilio_auth_token}".encode()
        if request.headers.get("authorization") != "Basic " + base64.b64encode(pair).decode():
            return problem(20003)
        if request.path.startswith("/v2/PhoneNumbers/"):
            return looked_up(self._back.world, request)
        if request.path.endswith("/Compliance/Usa2p"):
            return answer(200, campaigns())
        if request.path == f"{API}{account}.json":
            return answer(200, account_resource(account))
        rest = request.path.removeprefix(f"{API}{account}/")
        if rest == "Messages.json":
            return self._send(request) if request.method == "POST" else self._list(request)
        text = self._texts.get(rest.removeprefix("Messages/").removesuffix(".json"))
        if text is None or text.at > self._back.clock.now:
            return problem(20404)
        return answer(200, resource(text, self._back.clock.now))

    def _send(self, request: Request) -> Response:
        form = request.form()
        to = form.get("To", "")
        code = _complain(form) or (21610 if self._is_blocked(to) else None)
        if code is not None:
            return problem(code, to)
        now, words = self._back.clock.now, form["Body"]
        person = self._back.world.at_phone(to)
        party = meet(self._back, "sms", to, person)
        outcome = text_to_stranger(now)
        if person is not None:
            agreed = person.consented("sms", now.date()) or any(
                act.channel == "sms" and act.kind != booking.BOOKS
                for act in self._back.record.acts(person.identity)
            )
            outcome = receive_text(self._back.world, person, to, n=party.n, at=now, agreed=agreed, text=words)
            outcome = self._back.faults.people.text(
                outcome, person=person.identity, number=to, n=party.n, at=now
            )
        text = self._accept(form, party, outcome, now)
        return answer(201, resource(text, now))

    def _accept(self, form: dict[str, str], party: Party, outcome: TextOutcome, now: datetime) -> Text:
        write_down(
            self._back,
            party,
            "sms",
            now,
            reference=_reference(form.get("StatusCallback", "")),
            content=fingerprint(form["Body"]),
            outcome=outcome.disposition,
            text=form["Body"],
            cost_usd=segments(form["Body"]) * self._back.world.rates.texts.price_per_segment,
        )
        text = self._text(form, party, outcome, now)
        self._texts[text.sid] = text
        self._back.agenda.add(*self._callbacks(form.get("StatusCallback", ""), text, party))
        self._answer(text, party, outcome)
        if outcome.booking_at is not None:
            self._book(text, party, outcome.booking_at)
        return text

    def _text(self, form: dict[str, str], party: Party, outcome: TextOutcome, now: datetime) -> Text:
        final = {"sms_failed": "failed", "undelivered": "undelivered"}.get(outcome.disposition, "delivered")
        return Text(
            sid=self._sid(party, "out"),
            account=self._back.credentials.twilio_account_sid,
            body=form["Body"],
            to=party.to,
            sender=form.get("From") or self._back.credentials.twilio_number,
            service=form.get("MessagingServiceSid"),
            direction="outbound-api",
            at=now,
            done=outcome.at,
            final=final,
            error_code=outcome.error_code,
            price=segments(form["Body"]) * self._back.world.rates.texts.price_per_segment,
        )

    def _sid(self, party: Party, way: str) -> str:
        return "SM" + stable_uuid(self._back.world.seed, "twilio", party.name, party.n, way).replace("-", "")

    def _is_blocked(self, number: str) -> bool:
        since = self._blocked.get(number)
        return since is not None and since <= self._back.clock.now

    def _callbacks(self, url: str, text: Text, party: Party) -> Iterable[Delivery]:
        if not url:
            return
        steps = [("sent", text.at + timedelta(seconds=1)), (text.final, text.done)]
        for order, (status, at) in enumerate(steps):
            fields = {
                **{"SmsSid": text.sid, "SmsStatus": status, "MessageStatus": status, "To": text.to},
                **{"MessageSid": text.sid, "AccountSid": text.account, "From": text.sender or ""},
                "ApiVersion": "2010-04-01",
            }
            if status == text.final:
                fields |= {"RawDlrDoneDate": at.astimezone(UTC).strftime("%y%m%d%H%M")}
                fields |= {"ErrorCode": str(text.error_code)} if text.error_code else {}
            if text.service:
                fields["MessagingServiceSid"] = text.service
            yield self._form(party, order, status, at, url, fields, Effect())

    def _answer(self, text: Text, party: Party, outcome: TextOutcome) -> None:
        reply = outcome.reply
        if reply is None:
            return
        if reply.keyword:
            self._blocked.setdefault(party.to, reply.at)
        inbound = Text(
            sid=self._sid(party, "in"),
            account=text.account,
            body=reply.text,
            to=text.sender or "",
            sender=party.to,
            service=text.service,
            direction="inbound",
            at=reply.at,
            done=reply.at,
            final="received",
            error_code=None,
            price=text.price,
        )
        self._texts[inbound.sid], self._authors[inbound.sid] = inbound, party
        effect = Effect(stop=True) if reply.kind == "opt_out" else Effect(act=reply.kind)
        fields = inbound_fields(inbound)
        url = self._back.credentials.twilio_inbound_url
        self._back.agenda.add(self._form(party, 9, "inbound", reply.at, url, fields, effect))

    def _book(self, text: Text, party: Party, at: datetime) -> None:
        url = booking.link_in(text.body)
        if url is not None:
            look = booking.visit(at, party.name, "sms", party.n, 10, url=url, event_id=f"{text.sid}:book")
            self._back.agenda.add(look)

    def _form(
        self,
        party: Party,
        order: int,
        kind: str,
        at: datetime,
        url: str,
        fields: dict[str, str],
        effect: Effect,
    ) -> Delivery:
        return Delivery(
            at=at,
            person=party.name,
            channel="sms",
            n=party.n,
            order=order,
            kind=kind,
            scheme="twilio",
            url=url,
            body=urlencode(fields).encode(),
            content_type=FORM,
            event_id=stable_uuid(self._back.world.seed, party.name, party.n, order, kind),
            retries=RETRIES,
            effect=effect,
        )

    def _list(self, request: Request) -> Response:
        now, query = self._back.clock.now, request.query
        reached = request.as_of or now
        texts = [text for text in self._texts.values() if text.at <= reached and _wanted(text, query, now)]
        texts.sort(key=lambda text: (text.at, text.sid), reverse=True)
        size, page = int(query.get("PageSize", "50")), int(query.get("Page", "0"))
        start = page * size
        shown = texts[start : start + size]
        for party in (self._authors[text.sid] for text in shown if text.sid in self._authors):
            self._back.record.read(party.name, "sms", party.n, "inbound", now)
        rows = [resource(text, now) for text in shown]
        more = len(texts) > start + size
        return answer(200, self._page(rows, query, page, size, more=more))

    def _page(self, rows: list[Body], query: Any, page: int, size: int, *, more: bool) -> Body:
        path = f"{API}{self._back.credentials.twilio_account_sid}/Messages.json"
        rest = {key: value for key, value in query.items() if key not in {"Page", "PageSize", "PageToken"}}

        def uri(number: int) -> str:
            return f"{path}?{urlencode({**rest, 'PageSize': size, 'Page': number})}"

        return {
            "start": page * size,
            "end": page * size + max(len(rows) - 1, 0),
            "page": page,
            "page_size": size,
            "first_page_uri": uri(0),
            "next_page_uri": uri(page + 1) if more else None,
            "previous_page_uri": uri(page - 1) if page else None,
            "uri": uri(page),
            "messages": rows,
        }


def _complain(form: dict[str, str]) -> int | None:
    to = form.get("To", "")
    checks = (
        (21604, not to),
        (21211, not E164.match(to)),
        (21408, not to.startswith("+1")),
        (21603, not form.get("From") and not form.get("MessagingServiceSid")),
        (21602, not form.get("Body")),
        (21617, len(form.get("Body", "")) > LONGEST),
    )
    return next((code for code, wrong in checks if wrong), None)


def _reference(url: str) -> str | None:
    """The caller's own id, which it puts into the callback's query."""
    values = [value for _, value in parse_qsl(urlsplit(url).query)]
    return values[0] if values else None


def _wanted(text: Text, query: Any, now: datetime) -> bool:
    """The list's filters; a message not sent yet has no date and is missed by a filter on it."""
    if query.get("To", text.to) != text.to or query.get("From", text.sender) != text.sender:
        return False
    bounds = {name: value for name, value in query.items() if name.startswith("DateSent")}
    if not bounds:
        return True
    if text.status(now) in {"accepted", "queued"}:
        return False
    return all(_within(text.sent, name.removeprefix("DateSent"), value) for name, value in bounds.items())


def _within(sent: datetime, sign: str, value: str) -> bool:
    try:
        day = date.fromisoformat(value)
    except ValueError:
        bound = parse_time(value)
        return bound is None or {"<": sent <= bound, ">": sent >= bound}.get(sign, sent == bound)
    there = sent.astimezone(UTC).date()
    return {"<": there <= day, ">": there >= day}.get(sign, there == day)
