"""Exa: a web search in which the companies of the world have one page each."""

from __future__ import annotations

from typing import Any

from simulator.wire.backstage import Backstage, as_dict, iso
from simulator.wire.http import Request, Response, answer
from simulator.world.dice import dice, digest

Body = dict[str, Any]

RATE = "You've exceeded your Exa rate limit of 10 requests per second."
NO_CREDITS = "You have run out of credits. Please top up at dashboard.exa.ai"
TAGS = {400: "INVALID_REQUEST_BODY", 401: "INVALID_API_KEY", 402: "NO_MORE_CREDITS"}
PER_SEARCH = 0.007
PER_EXTRA_RESULT = 0.001
INCLUDED = 10
HEADLINES = (
    "{company} hires a new operations manager",
    "{company} opens a second branch",
    "{company} named among the best places to work",
)


def problem(status: int, text: str) -> Response:
    """Exa's error body; a rate limit has only its text."""
    if status == 429:
        return answer(429, {"error": text})
    ident = digest("exa", status, text).hex()[:32]
    return answer(status, {"requestId": ident, "error": text, "tag": TAGS.get(status, "SERVICE_OVERLOADED")})


class ExaFake:
    """`POST /search`, and the free `GET /v0/teams/me`. Page text is somebody else's words: data."""

    def __init__(self, back: Backstage) -> None:
        self._back = back
        self._asked = 0

    def point(self, request: Request) -> str:
        """See `Fake`."""
        return "exa.search" if request.path == "/search" else "exa.read"

    def failure(self, status: int) -> Response:
        """See `Fake`."""
        return problem(status, RATE if status == 429 else "The service is overloaded.")

    def quota(self) -> Response:
        """See `Fake`."""
        return problem(402, NO_CREDITS)

    def handle(self, request: Request) -> Response:
        """See `Fake`."""
        given = request.headers.get("x-api-key") or request.headers.get("authorization", "")
        if given.removeprefix("Bearer ") != self._back.credentials.exa_key:
            return problem(401, "Invalid API key")
        if (request.method, request.path) == ("GET", "/v0/teams/me"):
            return answer(200, {"object": "team", "id": "team_example"})
        if (request.method, request.path) != ("POST", "/search"):
            return problem(404, "Not found")
        try:
            body = as_dict(request.json())
        except ValueError:
            body = {}
        if not isinstance(body.get("query"), str) or not body["query"].strip():
            return problem(400, "query: Required")
        return answer(200, self._search(body))

    def _search(self, body: Body) -> Body:
        self._asked += 1
        wanted = int(body.get("numResults") or INCLUDED)
        found = [self._page(company, as_dict(body.get("contents"))) for company in self._named(body["query"])]
        cost = round(PER_SEARCH + PER_EXTRA_RESULT * max(wanted - INCLUDED, 0), 4)
        return {
            "requestId": digest(self._back.world.seed, "exa", self._asked, body["query"]).hex()[:32],
            "resolvedSearchType": "neural",
            "results": found[:wanted],
            "searchType": body.get("type") or "auto",
            "costDollars": {"total": cost, "search": {"neural": cost}},
        }

    def _named(self, query: str) -> list[str]:
        words = query.casefold()
        companies = {person.company for person in self._back.world.people.values() if person.company}
        return sorted(company for company in companies if company.casefold() in words)

    def _page(self, company: str, contents: Body) -> Body:
        roll = dice(self._back.world.seed, "exa", company)
        title = roll.choice(HEADLINES).format(company=company)
        slug = "-".join("".join(c if c.isalnum() else " " for c in title.casefold()).split())
        url, text = f"https://news.example.com/{slug}", f"{title}, the company announced."
        page: Body = {
            "title": title,
            "url": url,
            "publishedDate": iso(self._back.clock.now.replace(day=1, hour=9, minute=0)),
            "author": "Newsroom",
            "score": round(roll.uniform(0.2, 0.6), 2),
            "id": url,
            "image": None,
            "favicon": None,
        }
        if contents.get("text"):
            longest = as_dict(contents["text"]).get("maxCharacters") or len(text)
            page["text"] = text[: int(longest)]
        if contents.get("highlights"):
            page |= {"highlights": [text], "highlightScores": [page["score"]]}
        return page
