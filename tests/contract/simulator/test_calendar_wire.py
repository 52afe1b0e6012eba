"""The fakes of Google Calendar and GoHighLevel against the payload files: meetings and contacts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from tests.contract.providers.payloads import payload
from tests.contract.simulator.shapes import differences
from tests.contract.simulator.stand import KEYS, Stand, standing
from tests.unit.simulator.worlds import ada_world

REP = KEYS.google_calendars[0]
VERSIONS = {"contacts": "2021-07-28", "calendars": "2021-04-15", "locations": "2021-07-28"}


@pytest.fixture
def stand() -> Iterator[Stand]:
    with standing(ada_world(), start=datetime(2026, 11, 20, 15, tzinfo=UTC)) as running:
        yield running


def _google(stand: Stand, method: str, path: str, **request: Any) -> httpx.Response:
    headers = {"authorization": f"Bearer {KEYS.google_token}"}
    url = f"{stand.server.urls.google_calendar}/calendar/v3{path}"
    return stand.http.request(method, url, headers=headers, **request)


def _insert(stand: Stand, **changes: Any) -> httpx.Response:
    body = payload("google_calendar", "insert-event-request") | changes
    return _google(stand, "POST", f"/calendars/{quote(REP)}/events", json=body)


def _ghl(stand: Stand, method: str, path: str, **request: Any) -> httpx.Response:
    headers = {"authorization": f"Bearer {KEYS.ghl_token}", "version": VERSIONS[path.split("/")[1]]}
    return stand.http.request(method, stand.server.urls.ghl + path, headers=headers, **request)


def _contact(stand: Stand) -> str:
    made = _ghl(stand, "POST", "/contacts/upsert", json=payload("ghl", "upsert-contact-request"))
    return str(made.json()["contact"]["id"])


def _book(stand: Stand, contact: str, **changes: Any) -> httpx.Response:
    body = payload("ghl", "create-appointment-request") | {"contactId": contact} | changes
    return _ghl(stand, "POST", "/calendars/events/appointments", json=body)


# Google Calendar.


def test_event__has_the_documented_shape(stand: Stand) -> None:
    made = _insert(stand)
    assert made.status_code == 200
    assert differences(made.json(), payload("google_calendar", "insert-event-response")) == []


def test_event_with_the_same_id__is_a_duplicate_even_when_it_was_deleted(stand: Stand) -> None:
    ident = _insert(stand).json()["id"]
    again = _insert(stand)
    assert (again.status_code, again.json()) == (409, payload("google_calendar", "error-409-duplicate"))
    path = f"/calendars/{quote(REP)}/events/{ident}"
    assert _google(stand, "DELETE", path).status_code == 204
    assert _insert(stand).status_code == 409
    assert _google(stand, "GET", path).json()["status"] == "cancelled"


@pytest.mark.parametrize("ident", ["abc", "with-dash", "wxyz0", "UPPER"])
def test_event_id__is_base32hex_and_not_short(stand: Stand, ident: str) -> None:
    assert _insert(stand, id=ident).status_code == 400


def test_list__is_found_by_private_property(stand: Stand) -> None:
    made = _insert(stand).json()
    _insert(stand, id="other0", extendedProperties={"private": {"touch_id": "another"}})
    path = f"/calendars/{quote(REP)}/events"
    touch = made["extendedProperties"]["private"]["touch_id"]
    found = _google(stand, "GET", path, params={"privateExtendedProperty": f"touch_id={touch}"})
    assert [each["id"] for each in found.json()["items"]] == [made["id"]]
    assert found.json()["kind"] == "calendar#events"
    old = _google(stand, "GET", path, params={"updatedMin": "2026-01-01T00:00:00Z"})
    assert (old.status_code, old.json()) == (
        410,
        payload("google_calendar", "error-410-updatedMinTooLongAgo"),
    )


def test_free_busy__shows_what_is_taken_and_says_200_of_a_calendar_that_is_gone(stand: Stand) -> None:
    _insert(stand)
    asked = payload("google_calendar", "freebusy-request")
    found = _google(stand, "POST", "/freeBusy", json=asked).json()
    assert differences(found, payload("google_calendar", "freebusy-response")) == []
    assert found["calendars"][REP]["busy"] == [
        {"start": "2026-11-24T21:00:00Z", "end": "2026-11-24T21:30:00Z"}
    ]
    assert found["calendars"]["gone@example.com"]["errors"][0]["reason"] == "notFound"


def test_google__refuses_a_wrong_token_and_half_an_event(stand: Stand) -> None:
    url = f"{stand.server.urls.google_calendar}/calendar/v3/freeBusy"
    refused = stand.http.post(url, json={})
    assert (refused.status_code, refused.json()) == (401, payload("google_calendar", "error-401"))
    assert _insert(stand, end={"dateTime": "2026-11-24T15:00:00-05:00"}).status_code == 400
    assert _google(stand, "POST", "/calendars/nobody/events", json={}).status_code == 404


# GoHighLevel.


def test_upsert__has_the_documented_shape_and_finds_the_contact_again(stand: Stand) -> None:
    body = payload("ghl", "upsert-contact-request")
    one = _ghl(stand, "POST", "/contacts/upsert", json=body).json()
    assert differences(one, payload("ghl", "upsert-contact-response")) == []
    two = _ghl(stand, "POST", "/contacts/upsert", json=body | {"email": body["email"].upper()}).json()
    by_phone = _ghl(stand, "POST", "/contacts/upsert", json=body | {"email": "new@example.com"}).json()
    assert [one["new"], two["new"], by_phone["new"]] == [True, False, False]
    assert len({one["contact"]["id"], two["contact"]["id"], by_phone["contact"]["id"]}) == 1


def test_upsert__overwrites_tags_and_the_tag_call_adds(stand: Stand) -> None:
    contact = _contact(stand)
    _ghl(stand, "POST", f"/contacts/{contact}/tags", json={"tags": ["hot"]})
    assert _ghl(stand, "GET", f"/contacts/{contact}").json()["contact"]["tags"] == ["outbound", "hot"]
    assert _contact(stand) == contact
    assert _ghl(stand, "GET", f"/contacts/{contact}").json()["contact"]["tags"] == ["outbound"]


def test_appointment__twice_is_two_unless_the_slot_is_looked_at(stand: Stand) -> None:
    contact = _contact(stand)
    assert _book(stand, contact).status_code == 201
    assert _book(stand, contact).status_code == 400
    assert _book(stand, contact, ignoreFreeSlotValidation=True).status_code == 201
    found = _ghl(stand, "GET", f"/contacts/{contact}/appointments").json()["events"]
    assert [("touch:" in each["title"]) for each in found] == [True, True]


def test_free_slots__leave_out_what_is_taken(stand: Stand) -> None:
    _book(stand, _contact(stand))
    calendar = payload("ghl", "create-appointment-request")["calendarId"]
    start = datetime(2026, 11, 24, 5, tzinfo=UTC)
    span = {"startDate": _millis(start), "endDate": _millis(start + timedelta(days=1))}
    days = _ghl(stand, "GET", f"/calendars/{calendar}/free-slots", params=span).json()
    slots = days["2026-11-24"]["slots"]
    assert len(slots) == 15
    assert "2026-11-24T16:00:00-05:00" not in slots
    wide = span | {"endDate": _millis(start + timedelta(days=40))}
    assert _ghl(stand, "GET", f"/calendars/{calendar}/free-slots", params=wide).status_code == 422


def test_ghl__says_what_is_wrong_and_how_much_is_left(stand: Stand) -> None:
    refused = stand.http.get(f"{stand.server.urls.ghl}/contacts/x", headers={"version": "2021-07-28"})
    assert (refused.status_code, refused.json()) == (401, payload("ghl", "error-401"))
    wrong = _ghl(stand, "POST", "/contacts/upsert", json={"email": "a@example.com"})
    assert (wrong.status_code, wrong.json()) == (422, payload("ghl", "error-422"))
    assert wrong.headers["x-ratelimit-remaining"] == "99"


def test_ghl__limits_a_burst(stand: Stand) -> None:
    statuses = [_ghl(stand, "GET", "/locations/x").status_code for _ in range(101)]
    assert (statuses.count(200), statuses[-1]) == (100, 429)
    stand.clock.advance_to(stand.clock.now + timedelta(seconds=11))
    assert _ghl(stand, "GET", "/locations/x").status_code == 200


def _millis(at: datetime) -> int:
    return int(at.timestamp() * 1000)
