"""Hunter: addresses of a domain, one person's address, and whether an address takes mail."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from simulator.wire.backstage import Backstage
from simulator.wire.http import Request, Response, answer
from simulator.world import Person
from simulator.world.dice import dice

Body = dict[str, Any]

CREDITS = 2_000
PER_CREDIT = 10
DETAILS = {
    401: "No user found for the API key supplied",
    402: "You have used all the credits of this period.",
    404: "No person or company was found.",
    429: "You have reached the limit of requests per second.",
}
FREE_MAIL = frozenset({"gmail.com", "outlook.com", "yahoo.com"})


def problem(status: int, ident: str, details: str) -> Response:
    """Hunter's error body."""
    return answer(status, {"errors": [{"id": ident, "code": status, "details": details}]})


class HunterFake:
    """`GET /v2/domain-search`, `/email-finder`, `/email-verifier` and the free `/account`.

    Credits are used by answers with a result alone, one for ten addresses; a repeat is charged again.
    """

    def __init__(self, back: Backstage) -> None:
        self._back = back
        self.used = {"searches": 0, "verifications": 0}

    def point(self, request: Request) -> str:
        """See `Fake`."""
        return "hunter." + request.path.rpartition("/")[2].replace("-", "_")

    def failure(self, status: int) -> Response:
        """See `Fake`."""
        return problem(
            status, "too_many_requests" if status == 429 else "error", DETAILS.get(status, "Error")
        )

    def quota(self) -> Response:
        """See `Fake`. As Hunter's own client reads it; its public pages say 429."""
        return problem(402, "usage_limit_reached", DETAILS[402])

    def handle(self, request: Request) -> Response:
        """See `Fake`."""
        given = request.headers.get("x-api-key") or request.query.get("api_key")
        given = given or request.headers.get("authorization", "").removeprefix("Bearer ")
        if given != self._back.credentials.hunter_key:
            return problem(401, "authentication_failed", DETAILS[401])
        handlers = {
            "/v2/domain-search": self._search,
            "/v2/email-finder": self._find,
            "/v2/email-verifier": self._verify,
            "/v2/account": self._account,
        }
        handler = handlers.get(request.path) if request.method == "GET" else None
        return handler(request) if handler else problem(404, "not_found", "Not found")

    def _search(self, request: Request) -> Response:
        domain, company = request.query.get("domain", ""), request.query.get("company", "")
        if not domain and not company:
            return problem(400, "wrong_params", "You are missing the domain or company parameter.")
        found = sorted(self._at(domain, company), key=lambda person: person.identity)
        limit, offset = int(request.query.get("limit", "10")), int(request.query.get("offset", "0"))
        shown = found[offset : offset + limit]
        self.used["searches"] += -(-len(shown) // PER_CREDIT)
        params = {name: request.query.get(name) for name in ("type", "seniority", "department")}
        meta = {"results": len(found), "limit": limit, "offset": offset}
        return answer(
            200,
            {
                "data": self._domain(domain or _domain(found[0]) if found else domain, shown),
                "meta": meta | {"params": {"domain": domain or None, "company": company or None, **params}},
            },
        )

    def _domain(self, domain: str, people: Iterable[Person]) -> Body:
        people = list(people)
        return {
            "domain": domain,
            "disposable": False,
            "webmail": domain in FREE_MAIL,
            "accept_all": False,
            "pattern": "{first}",
            "organization": people[0].company if people else None,
            "linked_domains": [],
            "emails": [self._address(person) for person in people],
        }

    def _address(self, person: Person) -> Body:
        roll = dice(self._back.world.seed, "hunter", person.identity)
        day = f"2026-0{roll.randint(1, 8)}-{roll.randint(10, 27)}"
        source = {
            "domain": _domain(person),
            "uri": f"http://{_domain(person)}/about",
            "extracted_on": day,
            "last_seen_on": day,
            "still_on_page": True,
        }
        return {
            "value": person.emails[0],
            "type": "personal",
            "confidence": roll.randint(60, 98),
            "sources": [source],
            "first_name": person.first_name,
            "last_name": person.last_name,
            "position": "Owner",
            "position_raw": "Owner",
            "seniority": "executive",
            "department": "executive",
            "linkedin": None,
            "twitter": None,
            "phone_number": None,
            "verification": {"date": None, "status": None},
        }

    def _find(self, request: Request) -> Response:
        query = request.query
        first, last = query.get("first_name", ""), query.get("last_name", "")
        if query.get("full_name"):
            first, _, last = query["full_name"].partition(" ")
        if not (query.get("domain") or query.get("company")) or not (first and last):
            return problem(400, "wrong_params", "You are missing the domain or the name.")
        named = (
            person
            for person in self._at(query.get("domain", ""), query.get("company", ""))
            if (person.first_name.casefold(), person.last_name.casefold())
            == (first.casefold(), last.casefold())
        )
        person = next(named, None)
        if person is None:
            return problem(404, "not_found", DETAILS[404])
        self.used["searches"] += 1
        address = self._address(person)
        data = {"first_name": first, "last_name": last, "email": address["value"]}
        data |= {"score": address["confidence"], "domain": _domain(person), "accept_all": False}
        data |= {"position": address["position"], "company": person.company, "phone_number": None}
        data |= {"sources": address["sources"], "verification": address["verification"]}
        return answer(200, {"data": data, "meta": {"params": dict(query)}})

    def _verify(self, request: Request) -> Response:
        email = request.query.get("email", "").casefold()
        if "@" not in email:
            return problem(400, "wrong_params", "You are missing the email parameter.")
        self.used["verifications"] += 1
        person = self._back.world.at_email(email)
        status = "unknown" if person is None else "invalid" if person.bad_address else "valid"
        good = status == "valid"
        result = {"valid": "deliverable", "invalid": "undeliverable"}.get(status, "risky")
        data = {
            **{"status": status, "result": result, "score": {"valid": 98, "invalid": 5}.get(status, 50)},
            **{"email": email, "regexp": True, "gibberish": False, "disposable": False},
            "webmail": email.partition("@")[2] in FREE_MAIL,
            **{"mx_records": person is not None, "smtp_server": person is not None, "smtp_check": good},
            **{"accept_all": False, "block": False, "sources": []},
        }
        return answer(200, {"data": data, "meta": {"params": {"email": email}}})

    def _account(self, _request: Request) -> Response:
        left = {name: {"used": used, "available": CREDITS} for name, used in self.used.items()}
        data = {
            **{"first_name": "Alex", "last_name": "Example", "email": "owner@example.com"},
            **{"plan_name": "Starter", "plan_level": 1, "reset_date": "2026-12-01", "team_id": 1},
            "requests": left,
        }
        return answer(200, {"data": data})

    def _at(self, domain: str, company: str) -> list[Person]:
        domain, company = domain.casefold(), company.casefold()
        return [
            person
            for person in self._back.world.people.values()
            if person.emails
            and (_domain(person) == domain if domain else person.company.casefold() == company)
        ]


def _domain(person: Person) -> str:
    return person.emails[0].partition("@")[2]
