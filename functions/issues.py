"""Proposed changes as issues of the owner's repository: one each, found again by a mark before any repeat."""

from __future__ import annotations

from typing import Literal

from shared.errors import ProviderError
from shared.loop import Loop
from shared.providers.github.client import GitHubIssues, issue_payload

LEASE_S = 60
LONGEST_TITLE = 120


def hand_over_issue(loop: Loop, key: str, title: str, words: str) -> str:
    """Open an issue once: `sent`, `already …`, `failed: CODE`, or `off` where no repository is set.

    Issues may be public: whoever calls gives our own words and counts, never a person.
    """
    github: GitHubIssues | None = loop.providers.issues
    if github is None:
        return "off"
    intent = loop.state.outreach.begin_delivery(
        kind="issue",
        channel="github",
        natural_key=f"issue:{key}",
        payload=issue_payload(key, title[:LONGEST_TITLE], words),
        provider=github.provider,
        lease_s=LEASE_S,
    )
    if intent["status"] != "submitted":
        return f"already {intent['status']}"
    try:
        number = github.find(key) or github.open(intent["payload"])
    except ProviderError as error:
        again: Literal["requeue", "failed"] = "requeue" if error.retryable else "failed"
        verdict: Literal["unknown", "requeue", "failed"] = "unknown" if error.outcome_unknown else again
        loop.state.outreach.record_failure(
            intent["id"], intent["fence"], verdict=verdict, code=error.code, retry_at=loop.clock.now()
        )
        return f"failed: {error.code}"
    loop.state.outreach.record_receipt(intent["id"], intent["fence"], str(number), None)
    return "sent"
