"""The fakes of Slack, GitHub and RB2B against the payload files: what the owner is told, and by whom."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest

from simulator.webhooks import deliver_due
from simulator.wire.rb2b import Visit
from tests.contract.providers.payloads import TOUCH, payload
from tests.contract.simulator.shapes import differences
from tests.contract.simulator.stand import KEYS, Stand, standing
from tests.unit.simulator.worlds import MONDAY, ada, ada_world

ISSUES = f"/repos/{KEYS.github_repository}/issues"


@pytest.fixture
def stand() -> Iterator[Stand]:
    with standing(ada_world()) as running:
        yield running


def _github(stand: Stand, method: str, path: str, **request: Any) -> httpx.Response:
    headers = {"authorization": f"Bearer {KEYS.github_token}", "accept": "application/vnd.github+json"}
    return stand.http.request(method, stand.server.urls.github + path, headers=headers, **request)


def _issue(stand: Stand, **changes: Any) -> httpx.Response:
    body = payload("github", "create-issue-request") | changes
    return _github(stand, "POST", ISSUES, json=body)


# Slack.


def test_slack__takes_text_and_answers_in_plain_text(stand: Stand) -> None:
    url = stand.server.urls.slack + KEYS.slack_path
    wanted = payload("slack", "webhook-responses")[0]
    answer = stand.http.post(url, json=payload("slack", "webhook-request"))
    assert (answer.status_code, answer.text, answer.headers["content-type"]) == (
        wanted["status"],
        wanted["body"],
        wanted["content_type"],
    )
    assert "Ada Example" in stand.server.slack.posts[0].text


@pytest.mark.parametrize(
    ("path", "content", "status", "text"),
    [
        (KEYS.slack_path, b"{", 400, "invalid_payload"),
        (KEYS.slack_path, b'{"text": ""}', 400, "no_text"),
        ("/services/T0/B0/other", b'{"text": "x"}', 404, "no_service"),
    ],
)
def test_slack__refuses_in_its_own_words(
    stand: Stand, path: str, content: bytes, status: int, text: str
) -> None:
    answer = stand.http.post(stand.server.urls.slack + path, content=content)
    assert (answer.status_code, answer.text) == (status, text)
    assert {"status": status, "body": text} in payload("slack", "webhook-responses")
    assert stand.server.slack.posts == []


# GitHub.


def test_issue__has_the_documented_shape(stand: Stand) -> None:
    made = _issue(stand)
    assert made.status_code == 201
    assert differences(made.json(), payload("github", "create-issue-response")) == []
    assert made.headers["x-ratelimit-remaining"] == "4999"


def test_issue_without_title__is_refused_in_the_documented_words(stand: Stand) -> None:
    refused = _issue(stand, title="")
    assert (refused.status_code, refused.json()) == (422, payload("github", "error-422"))


def test_issue__is_found_by_label_and_its_marker_in_the_list(stand: Stand) -> None:
    _issue(stand)
    _issue(stand, labels=["other"], body="")
    found = _github(stand, "GET", ISSUES, params={"labels": "auto", "state": "all", "per_page": 100}).json()
    assert [f"touch:{TOUCH}" in issue["body"] for issue in found] == [True]
    later = (stand.clock.now + timedelta(hours=1)).isoformat()
    assert _github(stand, "GET", ISSUES, params={"since": later}).json() == []


def test_search__knows_an_issue_only_a_while_later(stand: Stand) -> None:
    _issue(stand)
    query = {"q": f"{TOUCH} repo:{KEYS.github_repository} is:issue"}
    assert _github(stand, "GET", "/search/issues", params=query).json()["total_count"] == 0
    stand.clock.advance_to(stand.clock.now + timedelta(minutes=2))
    found = _github(stand, "GET", "/search/issues", params=query).json()
    assert (found["total_count"], found["incomplete_results"]) == (1, False)


def test_comment__is_under_its_issue_and_a_closed_issue_leaves_the_open_ones(stand: Stand) -> None:
    path = f"{ISSUES}/{_issue(stand).json()['number']}"
    assert _github(stand, "POST", f"{path}/comments", json={"body": "again"}).status_code == 201
    assert _github(stand, "GET", path).json()["comments"] == 1
    assert _github(stand, "GET", f"{path}/comments").json()[0]["body"] == "again"
    assert _github(stand, "PATCH", path, json={"state": "closed"}).json()["closed_at"] is not None
    assert _github(stand, "GET", ISSUES).json() == []
    assert _github(stand, "GET", f"{ISSUES}/77").status_code == 404


def test_issues_in_a_burst__meet_the_secondary_limit(stand: Stand) -> None:
    made = [_issue(stand).status_code for _ in range(80)]
    refused = _issue(stand)
    assert set(made) == {201}
    assert (refused.status_code, refused.json()) == (403, payload("github", "error-403-secondary"))
    stand.clock.advance_to(stand.clock.now + timedelta(minutes=2))
    assert _issue(stand).status_code == 201


def test_github__refuses_a_wrong_token(stand: Stand) -> None:
    assert stand.http.get(stand.server.urls.github + ISSUES).status_code == 401


# RB2B.


def test_visit__has_the_documented_shape_and_no_signature(stand: Stand) -> None:
    person = ada(ada_world())
    stand.server.rb2b.visits(Visit(MONDAY, person), Visit(MONDAY + timedelta(hours=1), person, repeat=True))
    first, again = stand.run_dry()
    assert differences(first.body, payload("rb2b", "visitor")) == []
    free = ("Employee Count",)
    assert differences(again.body, payload("rb2b", "repeat-visitor"), free=free) == []
    assert set(first.headers) == {"content-type"}
    assert first.url == KEYS.rb2b_url


def test_visit_not_answered_with_200__disconnects_until_somebody_connects_again(stand: Stand) -> None:
    person, seen = ada(ada_world()), []
    stand.server.rb2b.visits(*(Visit(MONDAY + timedelta(hours=n), person) for n in range(4)))

    def deliver(hours: int) -> None:
        stand.clock.advance_to(MONDAY + timedelta(hours=hours))
        deliver_due(
            stand.agenda,
            stand.clock,
            lambda url, *_: seen.append(url) or 204,  # type: ignore[func-returns-value]
            signer=stand.server.signer,
            record=stand.server.record,
        )

    deliver(2)
    assert len(seen) == 1
    stand.agenda.connect("rb2b")
    deliver(3)
    assert len(seen) == 2
