"""Issues of one repository: opened once, found again by a mark in their text.

GitHub knows no idempotency key, so each issue carries `<!-- growthloop:KEY -->`, which nobody sees. What may
have been created is looked up by it before anything is repeated.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from shared.errors import ChannelDown, ProviderError, RateLimited
from shared.providers.signing import as_dict
from shared.providers.wire import Answer, Json, broken, exchange, retry_after

PAGES, PAGE = 10, 100
LABEL = "growthloop"
LIMITED = timedelta(minutes=1)


class GitHubIssues:
    """Opens issues; nothing is retried. Raises `ProviderError`."""

    provider = "github"

    def __init__(
        self,
        token: str,
        repository: str,
        *,
        base_url: str = "https://api.github.com",
        deadline_s: float = 15.0,
    ) -> None:
        self._headers = {
            "Authorization": f"Bearer {token}",
            "Accept": "application/vnd.github+json",
            "X-GitHub-Api-Version": "2022-11-28",
            "User-Agent": "growthloop",
        }
        self._url = f"{base_url.rstrip('/')}/repos/{repository}/issues"
        self.deadline_s = deadline_s

    def find(self, key: str) -> int | None:
        """The number of the issue that carries this mark, open or closed."""
        for page in range(1, PAGES + 1):
            rows = self._request("GET", effect=False, params={"state": "all", "per_page": PAGE, "page": page})
            for row in rows if isinstance(rows, list) else ():
                issue = as_dict(row)
                if "pull_request" not in issue and mark(key) in str(issue.get("body") or ""):
                    return int(issue["number"])
            if not isinstance(rows, list) or len(rows) < PAGE:
                return None
        return None

    def open(self, payload: dict[str, Any]) -> int:
        """Open an issue as `issue_payload` makes it; its number."""
        created = as_dict(self._request("POST", effect=True, json=payload))
        return int(created["number"])

    def _request(self, method: str, *, effect: bool, **request: Json) -> Json:
        found = exchange(
            method,
            self._url,
            provider=self.provider,
            deadline_s=self.deadline_s,
            effect=effect,
            headers=self._headers,
            **request,
        )
        if found.status in (200, 201) and (body := found.json()) is not None:
            return body
        raise _refusal(found, effect)


def mark(key: str) -> str:
    """What an issue is found again by."""
    return f"<!-- growthloop:{key} -->"


def issue_payload(key: str, title: str, body: str) -> dict[str, Any]:
    """A new issue as GitHub takes it."""
    return {"title": title, "body": f"{body}\n\n{mark(key)}\n", "labels": [LABEL]}


def _refusal(found: Answer, effect: bool) -> ProviderError:
    code = f"github.{found.status}"
    if found.status in (403, 429) and (
        "retry-after" in found.headers
        or found.headers.get("x-ratelimit-remaining") == "0"
        or found.status == 429
    ):
        return RateLimited("GitHub asks to wait.", code=code, retry_after=retry_after(found.headers, LIMITED))
    if 400 <= found.status < 500:
        return ChannelDown(f"GitHub answered {found.status}.", code=code)
    return broken(found.status, provider="github", effect=effect)
