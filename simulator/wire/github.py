"""GitHub: the issues of one repository, with its limits on how fast content may be created."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from simulator.wire.backstage import Backstage, as_dict, parse_time
from simulator.wire.http import Request, Response, answer
from simulator.world.dice import digest

Body = dict[str, Any]

API, SITE = "https://api.github.com", "https://github.com"
DOCS = "https://docs.github.com/rest"
HOURLY = 5_000
CREATED_A_MINUTE, CREATED_AN_HOUR = 80, 500
INDEXED_AFTER = timedelta(minutes=1)
MOST_ON_PAGE = 100
SECONDARY = (
    "You have exceeded a secondary rate limit and have been temporarily blocked from content creation. "
    "Please retry your request again later."
)
SECONDARY_DOCS = f"{DOCS}/overview/rate-limits-for-the-rest-api#about-secondary-rate-limits"
REACTIONS = ("+1", "-1", "laugh", "hooray", "confused", "heart", "rocket", "eyes")
BOT = {"login": "acme-bot[bot]", "id": 1, "type": "Bot"}


def problem(status: int, message: str, docs: str = DOCS, **more: Any) -> Response:
    """GitHub's error body."""
    return answer(status, {"message": message, **more, "documentation_url": docs, "status": str(status)})


@dataclass(frozen=True)
class Comment:
    """A comment under an issue."""

    id: int
    at: datetime
    body: str


@dataclass(frozen=True)
class Issue:
    """One issue and what happened to it."""

    number: int
    at: datetime
    updated: datetime
    title: str
    body: str
    labels: tuple[str, ...]
    state: str = "open"
    closed: datetime | None = None
    comments: tuple[Comment, ...] = field(default=())


class GitHubFake:
    """Issues (list, create, read, change, comment), and their search, whose index lags."""

    def __init__(self, back: Backstage) -> None:
        self._back = back
        self._issues: dict[int, Issue] = {}
        self._created: list[datetime] = []
        self._asked: list[datetime] = []

    @property
    def issues(self) -> list[Issue]:
        """All issues, in the order of their numbers."""
        return list(self._issues.values())

    def point(self, request: Request) -> str:
        """See `Fake`."""
        if request.path == "/search/issues":
            return "github.search"
        if request.path.endswith("/comments"):
            return "github.comment" if request.method == "POST" else "github.list_comments"
        if request.path.endswith("/issues"):
            return "github.create_issue" if request.method == "POST" else "github.list_issues"
        return "github.update_issue" if request.method == "PATCH" else "github.read"

    def failure(self, status: int) -> Response:
        """See `Fake`."""
        if status in {403, 429}:
            return problem(status, SECONDARY, SECONDARY_DOCS)
        return problem(status, "Not Found" if status == 404 else "Server Error")

    def quota(self) -> Response:
        """See `Fake`: the hour's requests are used up."""
        response = problem(403, "API rate limit exceeded for installation.")
        return replace(response, headers=self._limits(0))

    def handle(self, request: Request) -> Response:
        """See `Fake`."""
        if not request.headers.get("user-agent"):
            return problem(403, "Request forbidden by administrative rules.")
        if request.headers.get("authorization") != f"Bearer {self._back.credentials.github_token}":
            return problem(401, "Bad credentials")
        now = self._back.clock.now
        self._asked = [at for at in self._asked if at > now - timedelta(hours=1)] + [now]
        left = HOURLY - len(self._asked)
        if left < 0:
            return self.quota()
        response = self._answer(request, now)
        return replace(response, headers={**response.headers, **self._limits(left)})

    def _limits(self, left: int) -> dict[str, str]:
        reset = self._back.clock.now + timedelta(hours=1)
        return {
            **{"x-ratelimit-limit": str(HOURLY), "x-ratelimit-remaining": str(left)},
            **{"x-ratelimit-used": str(HOURLY - left), "x-ratelimit-resource": "core"},
            "x-ratelimit-reset": str(int(reset.timestamp())),
        }

    def _answer(self, request: Request, now: datetime) -> Response:
        repository = f"/repos/{self._back.credentials.github_repository}/issues"
        if (request.method, request.path) == ("GET", "/search/issues"):
            return self._search(request, now)
        if request.path == "/user":
            return answer(200, BOT)
        place, _, what = request.path.removeprefix(repository).lstrip("/").partition("/")
        if not request.path.startswith(repository) or what not in {"", "comments"}:
            return self.failure(404)
        if not place:
            return self._create(request, now) if request.method == "POST" else self._list(request, now)
        issue = self._issues.get(int(place)) if place.isdigit() else None
        if issue is None:
            return self.failure(404)
        if what:
            return self._comment(issue, request, now)
        if request.method == "PATCH":
            issue = self._change(issue, request, now)
        return answer(200, self._shown(issue))

    def _too_fast(self, now: datetime) -> bool:
        self._created = [at for at in self._created if at > now - timedelta(hours=1)]
        minute = sum(at > now - timedelta(minutes=1) for at in self._created)
        return minute >= CREATED_A_MINUTE or len(self._created) >= CREATED_AN_HOUR

    def _create(self, request: Request, now: datetime) -> Response:
        body = request.fields()
        if not isinstance(body.get("title"), str) or not body["title"].strip():
            errors = [{"resource": "Issue", "code": "missing_field", "field": "title"}]
            return problem(422, "Validation Failed", f"{DOCS}/issues/issues#create-an-issue", errors=errors)
        if self._too_fast(now):
            return self.failure(403)
        self._created.append(now)
        labels = tuple(_label(each) for each in body.get("labels") or ())
        number = len(self._issues) + 1
        self._issues[number] = Issue(number, now, now, body["title"], str(body.get("body") or ""), labels)
        return answer(201, self._shown(self._issues[number]))

    def _comment(self, issue: Issue, request: Request, now: datetime) -> Response:
        if request.method == "GET":
            return answer(200, [self._comment_shown(issue, each) for each in issue.comments])
        text = request.fields().get("body")
        if not isinstance(text, str) or not text:
            errors = [{"resource": "IssueComment", "code": "missing_field", "field": "body"}]
            return problem(422, "Validation Failed", errors=errors)
        if self._too_fast(now):
            return self.failure(403)
        self._created.append(now)
        comment = Comment(issue.number * 1000 + len(issue.comments) + 1, now, text)
        self._issues[issue.number] = replace(issue, comments=(*issue.comments, comment), updated=now)
        return answer(201, self._comment_shown(issue, comment))

    def _change(self, issue: Issue, request: Request, now: datetime) -> Issue:
        body = request.fields()
        known = {name: body[name] for name in ("title", "body", "state") if isinstance(body.get(name), str)}
        if "labels" in body:
            known["labels"] = tuple(_label(each) for each in body["labels"])
        closed = now if known.get("state", issue.state) == "closed" else None
        self._issues[issue.number] = replace(issue, **known, updated=now, closed=closed)
        return self._issues[issue.number]

    def _list(self, request: Request, now: datetime) -> Response:
        query, reached = request.query, request.as_of or now
        state, since = query.get("state", "open"), parse_time(query.get("since"))
        labels = {label for label in query.get("labels", "").split(",") if label}
        found = [
            issue
            for issue in self._issues.values()
            if issue.at <= reached
            and state in {"all", issue.state}
            and labels <= set(issue.labels)
            and (since is None or issue.updated >= since)
        ]
        found.sort(key=lambda issue: (issue.at, issue.number), reverse=True)
        return answer(200, [self._shown(issue) for issue in _page(found, query)])

    def _search(self, request: Request, now: datetime) -> Response:
        words = request.query.get("q", "")
        plain = re.sub(r"\S+:\S+", " ", words).replace('"', " ").split()
        reached = (request.as_of or now) - INDEXED_AFTER
        wants = {name: value for name, value in re.findall(r"(state|label):(\S+)", words)}
        found = [
            issue
            for issue in self._issues.values()
            if issue.at <= reached
            and wants.get("state", issue.state) == issue.state
            and ("label" not in wants or wants["label"] in issue.labels)
            and all(word in f"{issue.title} {issue.body}" for word in plain)
        ]
        rows = [self._shown(issue) | {"score": 1.0} for issue in _page(found, request.query)]
        return answer(200, {"total_count": len(found), "incomplete_results": False, "items": rows})

    def _shown(self, issue: Issue) -> Body:
        repository = f"{API}/repos/{self._back.credentials.github_repository}"
        url = f"{repository}/issues/{issue.number}"
        return {
            **{"url": url, "repository_url": repository, "labels_url": f"{url}/labels{{/name}}"},
            **{"comments_url": f"{url}/comments", "events_url": f"{url}/events"},
            "html_url": f"{SITE}/{self._back.credentials.github_repository}/issues/{issue.number}",
            "id": 444_500_040 + issue.number,
            "node_id": _node("Issue", issue.number),
            **{"number": issue.number, "title": issue.title},
            "labels": [self._labelled(name) for name in issue.labels],
            **{"state": issue.state, "locked": False, "comments": len(issue.comments)},
            **{"created_at": _stamp(issue.at), "updated_at": _stamp(issue.updated)},
            "closed_at": _stamp(issue.closed) if issue.closed else None,
            **{"author_association": "OWNER", "active_lock_reason": None},
            "reactions": _reactions(url),
            **{"draft": False, "user": BOT, "body": issue.body, "assignees": [], "milestone": None},
        }

    def _labelled(self, name: str) -> Body:
        ident = int.from_bytes(digest("label", name)[:4], "big")
        url = f"{API}/repos/{self._back.credentials.github_repository}/labels/{name}"
        known = {"color": "d73a4a", "default": name == "bug", "description": ""}
        return {"id": ident, "node_id": _node("Label", ident), "url": url, "name": name, **known}

    def _comment_shown(self, issue: Issue, comment: Comment) -> Body:
        repository = f"{API}/repos/{self._back.credentials.github_repository}"
        url = f"{repository}/issues/comments/{comment.id}"
        page = f"{SITE}/{self._back.credentials.github_repository}/issues/{issue.number}"
        return {
            **{"url": url, "html_url": f"{page}#issuecomment-{comment.id}"},
            **{"issue_url": f"{repository}/issues/{issue.number}", "id": comment.id},
            **{"node_id": _node("IssueComment", comment.id), "user": BOT, "body": comment.body},
            **{"created_at": _stamp(comment.at), "updated_at": _stamp(comment.at)},
            **{"author_association": "OWNER", "reactions": _reactions(url)},
            "performed_via_github_app": None,
        }


def _page(found: list[Issue], query: Any) -> list[Issue]:
    size = min(int(query.get("per_page", "30")), MOST_ON_PAGE)
    start = (int(query.get("page", "1")) - 1) * size
    return found[start : start + size]


def _label(value: object) -> str:
    return str(as_dict(value).get("name")) if isinstance(value, dict) else str(value)


def _node(kind: str, ident: int) -> str:
    return base64.b64encode(f"0{len(kind)}:{kind}{ident}".encode()).decode()


def _stamp(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def _reactions(url: str) -> Body:
    return {"url": f"{url}/reactions", "total_count": 0, **dict.fromkeys(REACTIONS, 0)}
