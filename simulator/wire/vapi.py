"""Vapi: calls are placed here, and their webhooks begin here."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from operator import ge, gt, le, lt

from simulator.agenda import Delivery, Effect
from simulator.wire import vapi_bodies as bodies
from simulator.wire.backstage import Backstage, Party, as_dict, compact, meet, parse_time, write_down
from simulator.wire.http import JSON, Request, Response, answer
from simulator.wire.vapi_bodies import Body, Call
from simulator.world.calls import CallOutcome, dial, ordinary_stranger
from simulator.world.dice import stable_uuid
from simulator.world.words import GREETING

E164 = re.compile(r"^\+[1-9]\d{6,14}$")
TITLES = {400: "Bad Request", 401: "Unauthorized", 404: "Not Found", 429: "Too Many Requests"}
DEFAULT_MESSAGES = ("status-update", "tool-calls", "end-of-call-report", "hang")
REPORT_AFTER = timedelta(seconds=4)
TOOLS = {"dnc": "do_not_call", "meeting": "book", "callback": "call_back"}
EFFECTS = {
    "dnc": Effect(stop=True),
    "meeting": Effect(act="booked"),
    "callback": Effect(act="callback"),
    "send_email": Effect(act="send_email"),
}
NOTHING = Effect()
SPANS = {"createdAtGe": ge, "createdAtGt": gt, "createdAtLe": le, "createdAtLt": lt}
LARGEST_PAGE = 1000
LONGEST_S = 600
NO_CREDITS = "Wallet balance is too low. Purchase more credits or upgrade your plan."
BAD_KEY = "Invalid Key. Hot tip, you may be using the private key instead of the public key, or vice versa."


def problem(status: int, message: object) -> Response:
    """Vapi's error envelope."""
    title = TITLES.get(status, "Internal Server Error")
    return answer(status, {"message": message, "error": title, "statusCode": status})


class VapiFake:
    """`POST /call`, `GET /call`, `GET /call/{id}`, `GET /assistant`, and the control address of a call.

    Everything about a call is decided when it is accepted. A call hung up through its control address
    still ends at its own time, unless it is one that never ends: that one ends then.
    """

    def __init__(self, back: Backstage, url: str) -> None:
        self._back = back
        self._url = url
        self._calls: dict[str, Call] = {}
        self._open: list[Call] = []

    def point(self, request: Request) -> str:
        """See `Fake`."""
        if request.path == "/call":
            return "vapi.create_call" if request.method == "POST" else "vapi.list_calls"
        return f"vapi.{request.path.strip('/').partition('/')[0]}"

    def failure(self, status: int) -> Response:
        """See `Fake`."""
        return problem(status, TITLES.get(status, "Internal Server Error"))

    def quota(self) -> Response:
        """See `Fake`: the credits are used up."""
        return answer(402, {"message": NO_CREDITS, "error": "Payment Required", "statusCode": 402})

    def handle(self, request: Request) -> Response:
        """See `Fake`."""
        kind, _, name = request.path.strip("/").partition("/")
        if kind == "control":
            return self._control(name)
        refusal = self._refuse_key(request)
        if refusal is not None:
            return refusal
        if (request.method, kind, name) == ("POST", "call", ""):
            return self._create(request)
        if (request.method, kind) == ("GET", "call"):
            return self._fetch(name) if name else self._list(request)
        if (request.method, kind) == ("GET", "assistant"):
            return answer(200, [])
        return problem(404, f"Cannot {request.method} {request.path}")

    def _refuse_key(self, request: Request) -> Response | None:
        given = request.headers.get("authorization")
        if given is None:
            return problem(401, "Missing Authorization Header.")
        return None if given == f"Bearer {self._back.credentials.vapi_key}" else problem(401, BAD_KEY)

    def _create(self, request: Request) -> Response:
        try:
            body = as_dict(request.json())
        except ValueError:
            return problem(400, "Unexpected token in JSON")
        complaints = _complaints(body)
        if complaints:
            return problem(400, complaints)
        now = self._back.clock.now
        if self._live(now) >= self._back.credentials.vapi_concurrency:
            return problem(400, "Over Concurrency Limit")
        call = self._place(body, now)
        self._calls[call.id] = call
        self._open.append(call)
        self._back.agenda.add(*webhooks(call, self._back.credentials.vapi_url))
        return answer(201, bodies.created(call, self._monitor(call), self._limits(now)))

    def _place(self, body: Body, now: datetime) -> Call:
        number = str(body["customer"]["number"])
        person = self._back.world.at_phone(number, _hint(body))
        party = meet(self._back, "call", number, person)
        placed = max(now, parse_time(as_dict(body.get("schedulePlan")).get("earliestAt")) or now)
        outcome = self._outcome(party, placed, body)
        reference = body["customer"].get("externalId") or body.get("name")
        rates = self._back.world.rates.calls
        people, who = self._back.faults.people, party.person
        endless = outcome.connected and who is not None and people.never_ends(who.identity, party.n, placed)
        call = Call(
            id=stable_uuid(self._back.world.seed, "vapi", party.name, party.n),
            request=body,
            party=party,
            created=now,
            placed=placed,
            outcome=outcome,
            per_minute=rates.platform_per_minute + rates.models_per_minute,
            number=self._back.credentials.twilio_number,
            endless=endless,
        )
        write_down(
            self._back,
            party,
            "call",
            placed,
            reference=reference,
            content=None,
            outcome=outcome.disposition,
            text=_greeting(body),
            talk_s=outcome.talk_s,
            cost_usd=call.cost,
        )
        return call

    def _outcome(self, party: Party, placed: datetime, body: Body) -> CallOutcome:
        if party.person is None:
            return ordinary_stranger()
        asked = self._back.record.asked_for_call(party.person.identity, placed)
        outcome = dial(
            self._back.world,
            party.person,
            party.to,
            n=party.n,
            at=placed,
            asked=asked,
            greeting=_greeting(body),
        )
        outcome = self._back.faults.people.call(
            outcome,
            person=party.person.identity,
            number=party.to,
            sender=str(body.get("phoneNumberId")),
            n=party.n,
            at=placed,
        )
        longest = _merged(body).get("maxDurationSeconds") or LONGEST_S
        if outcome.talk_s <= longest:
            return outcome
        return replace(outcome, talk_s=float(longest), ended_reason="exceeded-max-duration")

    def _live(self, now: datetime) -> int:
        self._open = [call for call in self._open if now < call.ended]
        return sum(call.live(now) for call in self._open)

    def _limits(self, now: datetime) -> Body:
        limit = self._back.credentials.vapi_concurrency
        left = max(limit - self._live(now), 0)
        return {"concurrencyBlocked": False, "concurrencyLimit": limit, "remainingConcurrentCalls": left}

    def _monitor(self, call: Call) -> Body:
        address = f"{self._url}/control/{call.id}"
        return {"listenUrl": address.replace("http", "ws", 1), "controlUrl": address}

    def _control(self, name: str) -> Response:
        call = self._calls.get(name)
        if call is None or not call.live(self._back.clock.now):
            return problem(404, "Call not found or already ended.")
        if call.endless:
            self._hang_up(call)
        return answer(200, {})

    def _hang_up(self, call: Call) -> None:
        now = self._back.clock.now
        talk_s = max(round((now - call.answered).total_seconds(), 1), 0.0)
        outcome = replace(call.outcome, talk_s=talk_s, ended_reason="manually-canceled")
        ended = replace(call, endless=False, outcome=outcome)
        self._calls[call.id] = ended
        self._open = [ended if each is call else each for each in self._open]
        told = webhooks(ended, self._back.credentials.vapi_url)
        self._back.agenda.add(*(delivery for delivery in told if delivery.at > now))

    def _fetch(self, name: str) -> Response:
        call = self._calls.get(name)
        if call is None:
            return problem(404, f"Call with id {name} not found.")
        return answer(200, self._shown(call))

    def _shown(self, call: Call) -> Body:
        now, party = self._back.clock.now, call.party
        if call.ended <= now:
            self._back.record.read(party.name, "call", party.n, "end-of-call-report", now)
        return bodies.fetched(call, now, self._monitor(call))

    def _list(self, request: Request) -> Response:
        reached = request.as_of or self._back.clock.now
        found = [
            call
            for call in self._calls.values()
            if call.created <= reached and _in_span(_millis(call.created), request.query)
        ]
        found.sort(key=lambda call: (call.created, call.id), reverse=True)
        limit = min(int(request.query.get("limit", "100")), LARGEST_PAGE)
        return answer(200, [self._shown(call) for call in found[:limit]])


def _millis(at: datetime) -> datetime:
    return at.replace(microsecond=at.microsecond // 1000 * 1000)


def _in_span(at: datetime, query: Mapping[str, str]) -> bool:
    """Whether `at`, in whole milliseconds, lies in the span asked for."""
    for name, within in SPANS.items():
        bound = parse_time(query[name]) if name in query else None
        if bound is not None and not within(at, bound):
            return False
    return True


def _complaints(body: Body) -> list[str]:
    found = []
    customer = as_dict(body.get("customer"))
    if not E164.match(str(customer.get("number", ""))):
        found.append("customer.number must be a valid phone number in the E.164 format")
    for field, value in (("customer.externalId", customer.get("externalId")), ("name", body.get("name"))):
        if isinstance(value, str) and len(value) > 40:
            found.append(f"{field} must be shorter than or equal to 40 characters")
    if "metadata" in body:
        found.append("property metadata should not exist")
    if not body.get("assistant") and not body.get("assistantId"):
        found.append("assistant or assistantId must be given")
    if not body.get("phoneNumberId") and not body.get("phoneNumber"):
        found.append("phoneNumberId or phoneNumber must be given")
    return found


def _hint(body: Body) -> str:
    values = as_dict(as_dict(body.get("assistantOverrides")).get("variableValues")).values()
    told = as_dict(_merged(body).get("model")).get("messages") or ()
    words = [as_dict(body.get("customer")).get("name"), _greeting(body), *values]
    words += [as_dict(each).get("content") for each in told]
    return " ".join(word for word in words if isinstance(word, str))


def _merged(body: Body) -> Body:
    return as_dict(body.get("assistant")) | as_dict(body.get("assistantOverrides"))


def _greeting(body: Body) -> str:
    first = _merged(body).get("firstMessage")
    return first if isinstance(first, str) and first else GREETING


def webhooks(call: Call, default_url: str) -> list[Delivery]:
    """Everything Vapi is going to send about this call, as far as the assistant subscribes to it."""
    server = as_dict(call.assistant.get("server"))
    tool_server = as_dict((_tool(call) or {}).get("server")) or server
    wanted = call.assistant.get("serverMessages") or DEFAULT_MESSAGES
    found = []
    for order, (kind, at, body, effect) in enumerate(_events(call)):
        if kind not in wanted:
            continue
        target = tool_server if kind == "tool-calls" else server
        found.append(
            Delivery(
                at=at,
                person=call.party.name,
                channel="call",
                n=call.party.n,
                order=order,
                kind=kind,
                scheme="vapi",
                url=str(target.get("url") or default_url),
                body=compact(body),
                content_type=JSON,
                event_id=f"{call.id}:{order}",
                retries=_retries(target),
                effect=effect,
            )
        )
    return found


def _events(call: Call) -> list[tuple[str, datetime, Body, Effect]]:
    effect = EFFECTS.get(call.outcome.disposition, NOTHING)
    ringing = call.placed + timedelta(seconds=1)
    found = [("status-update", ringing, bodies.status_update(call, "ringing", ringing), NOTHING)]
    if call.outcome.connected:
        body = bodies.status_update(call, "in-progress", call.answered)
        found.append(("status-update", call.answered, body, NOTHING))
    tool = _tool(call)
    if tool is not None:
        at = call.answered + timedelta(seconds=round(call.outcome.talk_s * 0.8, 1))
        found.append(("tool-calls", at, bodies.tool_calls(call, tool, _arguments(call, tool), at), effect))
    if call.endless:
        return found
    ended = call.ended + timedelta(seconds=1)
    found.append(("status-update", ended, bodies.status_update(call, "ended", ended), NOTHING))
    at = call.ended + REPORT_AFTER
    return [*found, ("end-of-call-report", at, bodies.report(call, at), effect)]


def _tool(call: Call) -> Body | None:
    """The tool the assistant uses in such a call, if it has it."""
    name = TOOLS.get(call.outcome.disposition)
    if name is None:
        return None
    if "assistant" not in call.request:
        return {"type": "function", "function": {"name": name, "parameters": {"type": "object"}}}
    model = as_dict(call.assistant.get("model"))
    tools = [*(model.get("tools") or ()), *(call.assistant.get("tools") or ())]
    named = (tool for tool in tools if as_dict(as_dict(tool).get("function")).get("name") == name)
    return next(named, None)


def _arguments(call: Call, tool: Body) -> dict[str, object]:
    """What a model would fill in, from the tool's own schema."""
    schema = as_dict(as_dict(tool.get("function")).get("parameters"))
    fields = as_dict(schema.get("properties")) or {"at": {"type": "string"}}
    filled = {name: _argument(call.outcome, name, as_dict(field)) for name, field in fields.items()}
    required = schema.get("required", list(fields))
    return {name: value for name, value in filled.items() if value is not None or name in required}


def _argument(outcome: CallOutcome, name: str, field: Body) -> object:
    when = outcome.meeting_at or outcome.callback_at
    if field.get("type") == "boolean":
        return True
    if isinstance(field.get("enum"), list):
        return field["enum"][0]
    if re.search(r"at$|time|slot|when|date|start", name):
        return when.isoformat() if when else None
    return "as the person asked" if re.search(r"reason|note|summary|said|words", name) else None


def _retries(server: Body) -> tuple[timedelta, ...]:
    plan = as_dict(server.get("backoffPlan"))
    base, times = float(plan.get("baseDelaySeconds", 1)), int(plan.get("maxRetries", 0))
    growing = plan.get("type") == "exponential"
    return tuple(timedelta(seconds=base * (2**n if growing else 1)) for n in range(times))
