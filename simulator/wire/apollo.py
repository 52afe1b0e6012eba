"""Apollo: the people of the world as a search finds them, and what a match reveals."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from simulator.agenda import Delivery
from simulator.wire.backstage import Backstage, compact, iso
from simulator.wire.http import JSON, Request, Response, answer
from simulator.world import Person
from simulator.world.dice import dice, digest

Body = dict[str, Any]

MOST_ON_PAGE = 100
SHOWN_AT_ALL = 50_000
TITLE = "Owner"
INDUSTRY = "construction"
SCOPE = (
    "This API key is not authorized to access {path}. Request an API key from your administrator that "
    "includes this endpoint in its configured scope."
)
TOO_MANY = (
    "The maximum number of api calls allowed for {path} is {most} times per {span}. Please upgrade your plan "
    "from https://app.apollo.io/#/settings/plans/upgrade."
)
REMEMBERED = timedelta(days=30)


class ApolloFake:
    """`POST /api/v1/mixed_people/api_search`, `POST …/people/match`, `GET …/webhook_result/{id}`.

    A search is free and hides last names and addresses; a match shows them and uses a credit each time.
    Telephone numbers come minutes later, unsigned, to the address that the request names.
    """

    def __init__(self, back: Backstage) -> None:
        self._back = back
        self._people = {_id(person): person for person in back.world.people.values()}
        self._results: dict[str, tuple[Any, Body]] = {}
        self.credits_used = 0

    def point(self, request: Request) -> str:
        """See `Fake`."""
        return (
            "apollo."
            + request.path.removeprefix("/api/v1/").split("/")[-1 if "people" in request.path else 0]
        )

    def failure(self, status: int) -> Response:
        """See `Fake`."""
        if status == 401:
            return Response(401, b"Invalid access credentials.", {}, "text/plain")
        if status == 403:
            return answer(
                403, {"error": SCOPE.format(path="this endpoint"), "error_code": "API_INACCESSIBLE"}
            )
        if status == 429:
            text = TOO_MANY.format(path="api/v1/people/match", most=600, span="hour")
            return answer(429, {"message": text}, {"retry-after": "300"})
        return answer(status, {"message": "Something went wrong."})

    def quota(self) -> Response:
        """See `Fake`: the day's window is used up."""
        text = TOO_MANY.format(path="api/v1/people/match", most=2000, span="day")
        return answer(429, {"message": text}, {"x-24-hour-requests-left": "0"})

    def handle(self, request: Request) -> Response:
        """See `Fake`."""
        if request.headers.get("x-api-key") != self._back.credentials.apollo_key:
            return self.failure(401)
        match (request.method, request.path.removeprefix("/api/v1/").split("/")):
            case ("GET", ["auth", "health"]):
                return answer(200, {"healthy": True, "is_logged_in": True})
            case ("POST", ["mixed_people", "api_search"]):
                return self._search(_fields(request))
            case ("POST", ["people", "match"]):
                return self._match(_fields(request))
            case ("GET", ["webhook_result", ident]):
                return self._result(ident)
        return self.failure(404)

    def _search(self, fields: Mapping[str, list[str]]) -> Response:
        size = min(int(_first(fields, "per_page") or "25"), MOST_ON_PAGE)
        page = max(int(_first(fields, "page") or "1"), 1)
        if page * size > SHOWN_AT_ALL:
            return answer(422, {"error": "Only the first 50,000 records can be shown."})
        found = sorted(
            (person for person in self._people.values() if _wanted(person, fields)),
            key=lambda each: each.identity,
        )
        start = (page - 1) * size
        rows = [self._row(person) for person in found[start : start + size]]
        return answer(200, {"total_entries": len(found), "people": rows})

    def _row(self, person: Person) -> Body:
        last = person.last_name
        return {
            "id": _id(person),
            "first_name": person.first_name,
            "last_name_obfuscated": f"{last[:2]}***{last[-1:]}" if last else None,
            "title": TITLE,
            "last_refreshed_at": iso(self._back.clock.now - timedelta(days=20)).replace("Z", "+00:00"),
            "has_email": bool(person.emails),
            **dict.fromkeys(("has_city", "has_state", "has_country"), bool(person.state)),
            "has_direct_phone": "Yes" if person.phones else "No",
            "organization": {
                **{"name": person.company, "has_industry": True, "has_phone": bool(person.phones)},
                **dict.fromkeys(("has_city", "has_state", "has_country"), bool(person.state)),
                **{"has_zip_code": False, "has_revenue": False, "has_employee_count": True},
            },
        }

    def _match(self, fields: Mapping[str, list[str]]) -> Response:
        phones = _first(fields, "reveal_phone_number") == "true"
        if phones and not _first(fields, "webhook_url"):
            return answer(
                422, {"error": "Please add a valid 'webhook_url' parameter when using 'reveal_phone_number'"}
            )
        person = self._named(fields)
        ident = int.from_bytes(digest("apollo", self._back.world.seed, sorted(fields.items()))[:7], "big")
        if person is None:
            return answer(200, {"person": None, "request_id": ident})
        self.credits_used += 1
        if phones:
            self._send_phones(person, str(ident), str(_first(fields, "webhook_url")))
        return answer(200, {"person": _matched(person), "request_id": ident})

    def _named(self, fields: Mapping[str, list[str]]) -> Person | None:
        ident, email = _first(fields, "id"), _first(fields, "email")
        if ident or email:
            return self._people.get(ident) if ident else self._back.world.at_email(email)
        whole = _first(fields, "name") or f"{_first(fields, 'first_name')} {_first(fields, 'last_name')}"
        domain, company = _first(fields, "domain").casefold(), _first(fields, "organization_name").casefold()
        for person in sorted(self._people.values(), key=lambda each: each.identity):
            at_home = _domain(person) == domain if domain else person.company.casefold() == company
            if at_home and person.name.casefold() == whole.strip().casefold():
                return person
        return None

    def _send_phones(self, person: Person, ident: str, url: str) -> None:
        roll = dice(self._back.world.seed, "apollo", person.identity, ident)
        at = self._back.clock.now + timedelta(minutes=roll.uniform(2, 8))
        body = _phones(person)
        self.credits_used += 8 if person.phones else 0
        self._results[ident] = (at, body)
        self._back.agenda.add(
            Delivery(
                at=at,
                person=person.identity,
                channel="apollo",
                n=1,
                order=0,
                kind="phones",
                scheme="none",
                url=url,
                body=compact(body),
                content_type=JSON,
                event_id=f"apollo:{ident}",
                retries=(timedelta(minutes=5),),
            )
        )

    def _result(self, ident: str) -> Response:
        if not ident.isdigit():
            return answer(400, {"error_code": "invalid_request_id"})
        at, body = self._results.get(ident, (None, {}))
        if at is None:
            return answer(404, {"error_code": "request_id_unknown"})
        if self._back.clock.now < at:
            return answer(404, {"error_code": "result_pending", "retry_after_seconds": 10})
        if self._back.clock.now > at + REMEMBERED:
            return answer(410, {"error_code": "request_id_expired"})
        return answer(
            200,
            {
                **{"request_id": ident, "webhook_status": "success", "request_type": "phone"},
                "last_dispatched_at": at.isoformat(timespec="seconds").replace("+00:00", "Z"),
                **{"failure_reason": None, "webhook_result": body},
            },
        )


def _fields(request: Request) -> dict[str, list[str]]:
    """Parameters of the query, as Apollo wants them, and of a JSON body, which it takes too."""
    found = {name: list(values) for name, values in request.lists.items()}
    for name, value in request.fields().items():
        values = value if isinstance(value, list) else [value]
        found[name.removesuffix("[]")] = [_text(each) for each in values]
    return {name.removesuffix("[]"): values for name, values in found.items()}


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _first(fields: Mapping[str, list[str]], name: str) -> str:
    return next(iter(fields.get(name, ())), "")


def _wanted(person: Person, fields: Mapping[str, list[str]]) -> bool:
    places = [*fields.get("person_locations", ()), *fields.get("organization_locations", ())]
    domains = fields.get("q_organization_domains_list", ())
    titles = fields.get("person_titles", ())
    sizes = fields.get("organization_num_employees_ranges", ())
    words = _first(fields, "q_keywords").casefold()
    return (
        (not places or any(_is_in(person, place) for place in places))
        and (not domains or _domain(person) in domains)
        and (not titles or any(title.casefold() in TITLE.casefold() for title in titles))
        and (not sizes or any(_has_size(person, size) for size in sizes))
        and words in f"{person.company} {person.name} {INDUSTRY}".casefold()
    )


def _is_in(person: Person, place: str) -> bool:
    words = re.split(r"[,\s]+", place.casefold())
    return person.state.casefold() in words or place.casefold() == person.country.casefold()


def _has_size(person: Person, size: str) -> bool:
    least, _, most = size.partition(",")
    return int(least or 0) <= person.staff <= int(most or 10**9)


def _id(person: Person) -> str:
    return digest("apollo", person.identity).hex()[:24]


def _domain(person: Person) -> str:
    return person.emails[0].partition("@")[2] if person.emails else ""


def _matched(person: Person) -> Body:
    organization = digest("apollo company", person.company).hex()[:24]
    job = digest("apollo job", person.identity).hex()[:24]
    slug = "-".join(person.name.casefold().split())
    return {
        **{"id": _id(person), "first_name": person.first_name, "last_name": person.last_name},
        **{"name": person.name, "linkedin_url": f"http://www.linkedin.com/in/{slug}", "title": TITLE},
        "email_status": "verified" if person.emails and not person.bad_address else "unverified",
        **dict.fromkeys(("photo_url", "twitter_url", "github_url", "facebook_url")),
        "extrapolated_email_confidence": None,
        "headline": f"{TITLE} at {person.company}",
        "email": person.emails[0] if person.emails else None,
        "organization_id": organization,
        "employment_history": [
            {
                **{"_id": job, "created_at": None, "current": True, "degree": None},
                **{"organization_id": organization, "organization_name": person.company},
                **{"start_date": "2020-01-01", "end_date": None, "title": TITLE, "id": job, "key": job},
            }
        ],
        "organization": {
            **{"id": organization, "name": person.company, "website_url": f"http://www.{_domain(person)}"},
            **{"primary_domain": _domain(person), "industry": INDUSTRY},
            "estimated_num_employees": person.staff,
        },
    }


def _phones(person: Person) -> Body:
    found = bool(person.phones)
    rows = [_phone(number, place) for place, number in enumerate(sorted(person.phones))]
    return {
        **{"status": "success", "total_requested_enrichments": 1, "unique_enriched_records": int(found)},
        **{"missing_records": int(not found), "credits_consumed": 1 if found else 0},
        "people": [{"id": _id(person), "status": "success", "phone_numbers": rows}] if found else [],
    }


def _phone(number: str, place: int) -> Body:
    key = digest("apollo phone", number).hex()[:24]
    return {
        **{
            "_id": key,
            "confidence_cd": "high",
            "created_at": None,
            "direct_dial_source_cd": "contact_trusted",
        },
        **{"dnc_other_info": {"country": "United States"}, "dnc_status_cd": "not_found"},
        **{"dnc_status_updated_at": "2026-08-15T20:57:53.108+00:00", "position": place},
        **{"raw_number": number, "sanitized_number": number, "status_cd": "valid_number"},
        **{"type_cd": "other", "updated_at": None, "id": key, "key": key},
    }
