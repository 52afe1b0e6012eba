"""Google Calendar v3: events whose id the caller chooses, and what is free."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import unquote
from zoneinfo import ZoneInfo

from simulator.wire.backstage import Backstage, as_dict, iso, parse_time
from simulator.wire.http import Request, Response, answer
from simulator.world.dice import digest

Body = dict[str, Any]

ROOT = "/calendar/v3"
OWN_ID = re.compile(r"^[a-v0-9]{5,1024}$")
MOST_CALENDARS = 50
REASONS = {
    400: ("global", "badRequest", "Bad Request"),
    401: ("global", "authError", "Invalid Credentials"),
    403: ("usageLimits", "userRateLimitExceeded", "User Rate Limit Exceeded"),
    404: ("global", "notFound", "Not Found"),
    409: ("global", "duplicate", "The requested identifier already exists."),
    410: ("global", "deleted", "Resource has been deleted"),
    429: ("usageLimits", "rateLimitExceeded", "Rate Limit Exceeded"),
}
PLACES = {
    "authError": {"location": "Authorization", "locationType": "header"},
    "updatedMinTooLongAgo": {"domain": "calendar", "location": "updatedMin", "locationType": "parameter"},
}
GIVEN = ("summary", "description", "location", "start", "end", "attendees", "extendedProperties")


def problem(status: int, reason: str = "", message: str = "") -> Response:
    """Google's error body."""
    domain, usual, text = REASONS.get(status, ("global", "backendError", "Backend Error"))
    found = {"domain": domain, "reason": reason or usual, "message": message or text}
    found |= PLACES.get(found["reason"], {})
    return answer(status, {"error": {"errors": [found], "code": status, "message": found["message"]}})


@dataclass(frozen=True)
class Event:
    """One event of a calendar."""

    id: str
    calendar: str
    created: datetime
    updated: datetime
    request: Body
    status: str = "confirmed"
    sequence: int = 0

    @property
    def start(self) -> datetime:
        """When it begins."""
        return moment(self.request["start"])

    @property
    def end(self) -> datetime:
        """When it is over."""
        return moment(self.request["end"])


class GoogleCalendarFake:
    """`POST /freeBusy` and `/calendars/{id}/events`: insert, get, list, patch, delete.

    A deleted event stays as cancelled, and its id can never be used again.
    """

    def __init__(self, back: Backstage) -> None:
        self._back = back
        self._events: dict[tuple[str, str], Event] = {}

    @property
    def events(self) -> list[Event]:
        """All events that were ever made, cancelled ones too."""
        return list(self._events.values())

    def point(self, request: Request) -> str:
        """See `Fake`."""
        if request.path.endswith("/freeBusy"):
            return "google_calendar.free_busy"
        if request.path.endswith("/events"):
            return f"google_calendar.{'insert' if request.method == 'POST' else 'list'}"
        return f"google_calendar.{ {'PATCH': 'patch', 'DELETE': 'delete'}.get(request.method, 'get') }"

    def failure(self, status: int) -> Response:
        """See `Fake`."""
        return problem(status)

    def quota(self) -> Response:
        """See `Fake`."""
        return problem(403, "quotaExceeded", "Calendar usage limits exceeded.")

    def handle(self, request: Request) -> Response:
        """See `Fake`."""
        if request.headers.get("authorization") != f"Bearer {self._back.credentials.google_token}":
            return problem(401)
        parts = [unquote(part) for part in request.path.removeprefix(ROOT).strip("/").split("/")]
        try:
            match (request.method, parts):
                case ("POST", ["freeBusy"]):
                    return self._free_busy(as_dict(request.json()))
                case ("GET", ["users", "me", "calendarList"]):
                    return answer(200, {"kind": "calendar#calendarList", "items": self._calendars()})
                case ("POST", ["calendars", calendar, "events"]) if self._known(calendar):
                    return self._insert(calendar, as_dict(request.json()))
                case ("GET", ["calendars", calendar, "events"]) if self._known(calendar):
                    return self._list(calendar, request)
                case (_, ["calendars", calendar, "events", ident]):
                    return self._one(request, self._events.get((calendar, ident)))
        except (KeyError, TypeError, ValueError):
            return problem(400)
        return problem(404)

    def _known(self, calendar: str) -> bool:
        return calendar in self._back.credentials.google_calendars

    def _calendars(self) -> list[Body]:
        kind = "calendar#calendarListEntry"
        return [{"kind": kind, "id": name} for name in self._back.credentials.google_calendars]

    def _insert(self, calendar: str, body: Body) -> Response:
        now = self._back.clock.now
        ident = body.get("id") or digest("event", calendar, len(self._events)).hex()[:26]
        if not OWN_ID.match(str(ident)):
            return problem(400, "invalid", "Invalid resource id value.")
        if (calendar, ident) in self._events:
            return problem(409)
        event = Event(str(ident), calendar, now, now, body)
        if event.end <= event.start:
            return problem(400, "timeRangeEmpty", "The specified time range is empty.")
        self._events[calendar, event.id] = event
        return answer(200, shown(event))

    def _one(self, request: Request, event: Event | None) -> Response:
        if event is None:
            return problem(404)
        if request.method == "GET":
            return answer(200, shown(event))
        if event.status == "cancelled":
            return problem(410)
        changed = as_dict(request.json()) if request.method == "PATCH" else {"status": "cancelled"}
        status = str(changed.get("status", event.status))
        event = replace(
            event,
            request=event.request | changed,
            status=status,
            updated=self._back.clock.now,
            sequence=event.sequence + 1,
        )
        self._events[event.calendar, event.id] = event
        return answer(200, shown(event)) if request.method == "PATCH" else Response(204, b"")

    def _list(self, calendar: str, request: Request) -> Response:
        query, now = request.query, self._back.clock.now
        since = parse_time(query["updatedMin"]) if "updatedMin" in query else None
        if since is not None and since < now - timedelta(days=28):
            text = "The requested minimum modification time lies too far in the past."
            return problem(410, "updatedMinTooLongAgo", text)
        found = [
            event
            for event in self._events.values()
            if event.calendar == calendar
            and event.created <= (request.as_of or now)
            and _wanted(event, query, since)
        ]
        found.sort(key=lambda event: (event.start, event.id))
        return answer(
            200,
            {
                **{"kind": "calendar#events", "etag": '"p33k"', "summary": calendar},
                **{"updated": iso(now), "timeZone": "America/New_York", "accessRole": "owner"},
                **{"defaultReminders": [], "nextSyncToken": digest("sync", iso(now)).hex()[:24]},
                "items": [shown(event) for event in found],
            },
        )

    def _free_busy(self, body: Body) -> Response:
        start, end = parse_time(body["timeMin"]), parse_time(body["timeMax"])
        if start is None or end is None or len(body["items"]) > MOST_CALENDARS:
            return problem(400)
        calendars = {item["id"]: self._busy(item["id"], start, end) for item in body["items"]}
        bounds = {"timeMin": iso(start), "timeMax": iso(end)}
        return answer(200, {"kind": "calendar#freeBusy", **bounds, "calendars": calendars})

    def _busy(self, calendar: str, start: datetime, end: datetime) -> Body:
        if not self._known(calendar):
            return {"errors": [{"domain": "global", "reason": "notFound"}], "busy": []}
        taken = sorted(
            (event.start, event.end)
            for event in self._events.values()
            if event.calendar == calendar
            and event.status != "cancelled"
            and event.start < end
            and event.end > start
        )
        return {"busy": [{"start": _seconds(a), "end": _seconds(b)} for a, b in taken]}


def moment(time: Mapping[str, str]) -> datetime:
    """An event's time: its own offset, else its zone."""
    at = datetime.fromisoformat(time["dateTime"].replace("Z", "+00:00"))
    return at if at.tzinfo else at.replace(tzinfo=ZoneInfo(time["timeZone"]))


def _seconds(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _wanted(event: Event, query: Mapping[str, str], since: datetime | None) -> bool:
    if event.status == "cancelled" and query.get("showDeleted") != "true":
        return False
    if since is not None and event.updated < since:
        return False
    if query.get("iCalUID", f"{event.id}@google.com") != f"{event.id}@google.com":
        return False
    name, _, value = query.get("privateExtendedProperty", "").partition("=")
    private = as_dict(as_dict(event.request.get("extendedProperties")).get("private"))
    if name and private.get(name) != value:
        return False
    earliest, latest = parse_time(query.get("timeMin")), parse_time(query.get("timeMax"))
    return not ((earliest and event.end <= earliest) or (latest and event.start >= latest))


def shown(event: Event) -> Body:
    """An event as the API shows it."""
    given = {name: event.request[name] for name in GIVEN if name in event.request}
    if "attendees" in given:
        given["attendees"] = [{"responseStatus": "needsAction"} | each for each in given["attendees"]]
    who = {"email": event.calendar, "self": True}
    meets = "conferenceData" in event.request
    return {
        "kind": "calendar#event",
        "etag": f'"{int(event.updated.timestamp() * 1000)}000"',
        **{"id": event.id, "status": event.status},
        "htmlLink": f"https://www.google.com/calendar/event?eid={event.id}",
        **{"created": iso(event.created), "updated": iso(event.updated), "creator": who, "organizer": who},
        **{"iCalUID": f"{event.id}@google.com", "sequence": event.sequence},
        **({"hangoutLink": "https://meet.google.com/xxx-xxxx-xxx"} if meets else {}),
        **given,
        **{"reminders": {"useDefault": True}, "eventType": "default"},
    }
