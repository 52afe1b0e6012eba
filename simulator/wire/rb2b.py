"""RB2B: it only sends. One unsigned webhook for each visitor of the owner's site that it recognises."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from simulator.agenda import Delivery
from simulator.wire.backstage import Backstage, compact
from simulator.wire.http import JSON
from simulator.world import Person
from simulator.world.dice import stable_uuid

DEMO_SITE = "https://www.example.org"


@dataclass(frozen=True)
class Visit:
    """Somebody on a page of the owner's site. `repeat` says that they were there before."""

    at: datetime
    person: Person
    page: str = "/pricing"
    repeat: bool = False


class RB2B:
    """The sender of visitor webhooks; nothing can be asked of it.

    No signature, no retry, and whatever is answered but 200 disconnects the owner's account until somebody
    connects it again by hand (`Agenda.connect`): what comes after that is lost.
    """

    def __init__(self, back: Backstage) -> None:
        self._back = back

    def visits(self, *visits: Visit) -> None:
        """Put visits on the agenda."""
        for visit in visits:
            self._back.agenda.add(self._delivery(visit))

    def _delivery(self, visit: Visit) -> Delivery:
        seed, name = self._back.world.seed, visit.person.identity
        return Delivery(
            at=visit.at,
            person=name,
            channel="site",
            n=1,
            order=0,
            kind="visit",
            scheme="rb2b",
            url=self._back.credentials.rb2b_url,
            body=compact(visitor(visit)),
            content_type=JSON,
            event_id=stable_uuid(seed, "rb2b", name, visit.at.isoformat(), visit.page),
        )


def visitor(visit: Visit) -> dict[str, Any]:
    """The webhook's body: names with spaces, and a time that is no ISO 8601, as in RB2B's own sample."""
    person = visit.person
    slug = "-".join(person.name.casefold().split())
    email = person.emails[0] if person.emails else None
    at = visit.at.astimezone(UTC)
    body: dict[str, Any] = {
        "LinkedIn URL": f"https://www.linkedin.com/in/{slug}",
        "First Name": person.first_name,
        "Last Name": person.last_name or None,
        "Title": "Owner",
        "Company Name": person.company or None,
        "Business Email": email,
        "Website": f"https://www.{email.partition('@')[2]}" if email else None,
        "Industry": "Construction",
        "Employee Count": _size(person.staff),
        "Estimate Revenue": "$1M-$10M",
        "City": "Springfield",
        "State": person.state,
        "Zipcode": "00000",
        "Seen At": f"{at:%Y-%m-%dT%H:%M:%S}:00.00+00.00",
        "Referrer": "https://www.google.com/",
        "Captured URL": DEMO_SITE + visit.page,
        "Tags": "Hot Pages" if visit.page == "/pricing" else None,
    }
    return body | ({"is_repeat_visit": True} if visit.repeat else {})


def _size(staff: int) -> str:
    bounds = ((10, "1-10"), (50, "11-50"), (200, "51-200"), (500, "201-500"))
    return next((text for most, text in bounds if staff <= most), "501+")
