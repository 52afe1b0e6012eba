"""GoHighLevel: contacts by upsert, appointments by calendar, within the limits of one location."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from simulator.wire.backstage import Backstage, iso
from simulator.wire.http import Request, Response, answer
from simulator.world.dice import digest, stable_uuid

Body = dict[str, Any]

TITLES = {400: "Bad Request", 401: "Unauthorized", 404: "Not Found", 422: "Unprocessable Entity"}
VERSIONS = {
    "contacts": ("2021-07-28", "v3"),
    "calendars": ("2021-04-15", "v3"),
    "locations": ("2021-07-28", "v3"),
}
BURST, SPAN = 100, timedelta(seconds=10)
DAILY = 200_000
OPEN, CLOSE, SLOT = 9, 17, timedelta(minutes=30)
LONGEST_SPAN = timedelta(days=31)
KEPT = (
    "firstName",
    "lastName",
    "name",
    "email",
    "phone",
    "companyName",
    "source",
    "tags",
    "customFields",
    "dnd",
)
BOOKED = ("title", "appointmentStatus", "assignedUserId", "address", "startTime", "endTime")


def problem(status: int, message: object) -> Response:
    """GoHighLevel's error body."""
    title = TITLES.get(status, "Internal Server Error")
    return answer(status, {"statusCode": status, "message": message, "error": title})


class GoHighLevelFake:
    """`/contacts/upsert`, `…/search/duplicate`, `/contacts/{id}/tags`, `/calendars/{id}/free-slots`, events.

    An upsert finds a contact by email, then by phone. Appointments have no key: twice is two.
    """

    def __init__(self, back: Backstage) -> None:
        self._back = back
        self.contacts: dict[str, Body] = {}
        self.appointments: dict[str, Body] = {}
        self._asked: defaultdict[str, list[datetime]] = defaultdict(list)

    def point(self, request: Request) -> str:
        """See `Fake`."""
        parts = request.path.strip("/").split("/")
        match (request.method, parts):
            case ("POST", ["contacts", "upsert"]):
                return "ghl.upsert_contact"
            case ("POST", ["calendars", "events", "appointments"]):
                return "ghl.create_appointment"
            case ("GET", ["calendars", "events"]) | ("GET", ["contacts", _, "appointments"]):
                return "ghl.list_appointments"
            case ("GET", ["calendars", _, "free-slots"]):
                return "ghl.free_slots"
            case (_, ["contacts", _, "tags"]):
                return "ghl.tags"
        return "ghl.read" if request.method == "GET" else "ghl.write"

    def failure(self, status: int) -> Response:
        """See `Fake`."""
        return problem(status, "Too Many Requests" if status == 429 else TITLES.get(status, "Error"))

    def quota(self) -> Response:
        """See `Fake`: the day's requests are used up."""
        return replace(self.failure(429), headers=self._limits(0, 0))

    def handle(self, request: Request) -> Response:
        """See `Fake`."""
        if request.headers.get("authorization") != f"Bearer {self._back.credentials.ghl_token}":
            return problem(401, "Invalid token: access token is invalid")
        kind = request.path.strip("/").partition("/")[0]
        if request.headers.get("version") not in VERSIONS.get(kind, ()):
            return problem(401, "version header was not found.")
        now = self._back.clock.now
        recent = [at for at in self._asked["10 s"] if at > now - SPAN]
        today = [at for at in self._asked["day"] if at > now - timedelta(days=1)]
        if len(recent) >= BURST or len(today) >= DAILY:
            return replace(self.failure(429), headers=self._limits(BURST - len(recent), DAILY - len(today)))
        self._asked |= {"10 s": [*recent, now], "day": [*today, now]}
        response = self._answer(request)
        limits = self._limits(BURST - len(recent) - 1, DAILY - len(today) - 1)
        return replace(response, headers={**response.headers, **limits})

    def _limits(self, burst: int, daily: int) -> Mapping[str, str]:
        return {
            **{"x-ratelimit-limit-daily": str(DAILY), "x-ratelimit-daily-remaining": str(daily)},
            **{"x-ratelimit-interval-milliseconds": "10000", "x-ratelimit-max": str(BURST)},
            "x-ratelimit-remaining": str(burst),
        }

    def _answer(self, request: Request) -> Response:
        body, parts = request.fields(), request.path.strip("/").split("/")
        if request.method == "GET" and parts[0] == "locations":
            return answer(200, {"location": {"id": parts[-1], "name": "Example Location"}})
        found = self._contact(request, parts, body) if parts[0] == "contacts" else None
        found = found or (self._calendar(request, parts, body) if parts[0] == "calendars" else None)
        return found or problem(404, f"Cannot {request.method} {request.path}")

    def _contact(self, request: Request, parts: list[str], body: Body) -> Response | None:
        match (request.method, parts):
            case ("POST", ["contacts", "upsert"]):
                return self._upsert(body)
            case ("GET", ["contacts", "search", "duplicate"]):
                query = request.query
                return answer(200, {"contact": self._found(query.get("email"), query.get("number"))})
            case ("POST" | "DELETE", ["contacts", ident, "tags"]) if ident in self.contacts:
                return self._tags(ident, body, add=request.method == "POST")
            case ("GET", ["contacts", ident, "appointments"]) if ident in self.contacts:
                return answer(200, {"events": self._appointments(request, contact=ident)})
            case ("GET", ["contacts", ident]) if ident in self.contacts:
                return answer(200, {"contact": self.contacts[ident]})
        return None

    def _calendar(self, request: Request, parts: list[str], body: Body) -> Response | None:
        match (request.method, parts):
            case ("GET", ["calendars", calendar, "free-slots"]):
                return self._free(calendar, request.query)
            case ("POST", ["calendars", "events", "appointments"]):
                return self._book(body)
            case ("GET", ["calendars", "events"]):
                return answer(200, {"events": self._appointments(request)})
            case ("PUT", ["calendars", "events", "appointments", ident]) if ident in self.appointments:
                changed = {name: body[name] for name in BOOKED if name in body}
                self.appointments[ident] |= {**changed, "dateUpdated": iso(self._back.clock.now)}
                return answer(200, self.appointments[ident])
            case ("DELETE", ["calendars", "events", ident]) if ident in self.appointments:
                del self.appointments[ident]
                return answer(201, {"succeeded": True})
        return None

    def _found(self, email: str | None, phone: str | None) -> Body | None:
        for name, wanted in (("email", (email or "").casefold()), ("phone", phone)):
            for contact in self.contacts.values():
                if wanted and str(contact.get(name) or "").casefold() == wanted:
                    return contact
        return None

    def _upsert(self, body: Body) -> Response:
        if body.get("locationId") != self._back.credentials.ghl_location:
            return problem(422, ["locationId must be a string"])
        found = self._found(body.get("email"), body.get("phone"))
        made = found is None
        given = {name: body[name] for name in KEPT if name in body}
        if found is None:
            key = body.get("email") or body.get("phone") or f"{len(self.contacts)}"
            ident = digest("ghl contact", str(key).casefold()).hex()[:20]
            found = {"id": ident, "locationId": body["locationId"]}
            found |= {"tags": [], "dateAdded": iso(self._back.clock.now)}
            self.contacts[ident] = found
        found |= given
        trace = stable_uuid("ghl", found["id"], iso(self._back.clock.now))
        shown = {name: found[name] for name in found if name not in {"customFields", "source", "companyName"}}
        return answer(200, {"new": made, "contact": shown, "traceId": trace})

    def _tags(self, ident: str, body: Body, *, add: bool) -> Response:
        tags, given = self.contacts[ident]["tags"], [str(tag) for tag in body.get("tags") or ()]
        kept = [tag for tag in tags if tag not in given]
        self.contacts[ident]["tags"] = [*tags, *(t for t in given if t not in tags)] if add else kept
        listed = {"tags": self.contacts[ident]["tags"]}
        return answer(201 if add else 200, listed)

    def _free(self, calendar: str, query: Mapping[str, str]) -> Response:
        start, end = _epoch(query.get("startDate")), _epoch(query.get("endDate"))
        if start is None or end is None or end - start > LONGEST_SPAN:
            return problem(422, ["startDate and endDate must be at most 31 days apart, in milliseconds"])
        zone = ZoneInfo(query.get("timezone", "America/New_York"))
        days: defaultdict[str, list[str]] = defaultdict(list)
        for slot in self._slots(max(start, self._back.clock.now), end, zone):
            if not self._taken(calendar, slot):
                days[slot.date().isoformat()].append(slot.isoformat())
        return answer(
            200, {day: {"slots": slots} for day, slots in days.items()} | {"traceId": stable_uuid(calendar)}
        )

    def _slots(self, start: datetime, end: datetime, zone: ZoneInfo) -> list[datetime]:
        day, found = start.astimezone(zone).date(), []
        while datetime(day.year, day.month, day.day, tzinfo=zone) < end:
            opens = datetime(day.year, day.month, day.day, OPEN, tzinfo=zone)
            places = range(int(timedelta(hours=CLOSE - OPEN) / SLOT))
            found += [at for n in places if day.weekday() < 5 and start <= (at := opens + n * SLOT) < end]
            day += timedelta(days=1)
        return found

    def _taken(self, calendar: str, at: datetime) -> bool:
        return any(
            each["calendarId"] == calendar
            and each["appointmentStatus"] != "cancelled"
            and datetime.fromisoformat(each["startTime"]) < at + SLOT
            and datetime.fromisoformat(each["endTime"]) > at
            for each in self.appointments.values()
        )

    def _book(self, body: Body) -> Response:
        missing = [
            name for name in ("calendarId", "locationId", "contactId", "startTime") if not body.get(name)
        ]
        if missing:
            return problem(422, [f"{name} should not be empty" for name in missing])
        if body["contactId"] not in self.contacts:
            return problem(400, "The contact was not found.")
        start = datetime.fromisoformat(str(body["startTime"]))
        if self._taken(body["calendarId"], start) and not body.get("ignoreFreeSlotValidation"):
            return problem(400, "The slot you have selected is no longer available.")
        ident = digest("ghl event", len(self.appointments), body["contactId"], body["startTime"]).hex()[:20]
        now, end = iso(self._back.clock.now), body.get("endTime") or (start + SLOT).isoformat()
        self.appointments[ident] = {
            **{"id": ident, "calendarId": body["calendarId"], "locationId": body["locationId"]},
            **{"contactId": body["contactId"], "startTime": body["startTime"], "endTime": end},
            "title": body.get("title", ""),
            "appointmentStatus": body.get("appointmentStatus", "confirmed"),
            **{"assignedUserId": body.get("assignedUserId"), "address": body.get("address", "")},
            **{"dateAdded": now, "dateUpdated": now},
        }
        return answer(201, self.appointments[ident])

    def _appointments(self, request: Request, contact: str | None = None) -> list[Body]:
        query, reached = request.query, request.as_of or self._back.clock.now
        start, end = _epoch(query.get("startTime")), _epoch(query.get("endTime"))
        return [
            each
            for each in self.appointments.values()
            if datetime.fromisoformat(each["dateAdded"].replace("Z", "+00:00")) <= reached
            and contact in {None, each["contactId"]}
            and query.get("calendarId", each["calendarId"]) == each["calendarId"]
            and (start is None or datetime.fromisoformat(each["startTime"]) >= start)
            and (end is None or datetime.fromisoformat(each["startTime"]) <= end)
        ]


def _epoch(text: str | None) -> datetime | None:
    """Milliseconds since 1970."""
    return datetime.fromtimestamp(int(text) / 1000, UTC) if text and text.isdigit() else None
