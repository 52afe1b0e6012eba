"""Issues of a repository, opened once and found again, over the wire's GitHub."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shared.errors import ChannelDown, OutcomeUnknown, RateLimited
from shared.providers.github.client import GitHubIssues, issue_payload
from simulator.faults.verdicts import Verdict
from simulator.wire.http import Request
from tests.contract.simulator.stand import KEYS, Stand, standing
from tests.unit.simulator.worlds import ada_world


def client(stand: Stand, token: str = KEYS.github_token) -> GitHubIssues:
    return GitHubIssues(token, KEYS.github_repository, base_url=stand.server.urls.github)


def test_issue__is_found_by_its_mark_among_others() -> None:
    with standing(ada_world()) as stand:
        github = client(stand)
        numbers = [github.open(issue_payload(f"k:{n}", f"Change {n}", "Words")) for n in range(3)]
        assert github.find("k:1") == numbers[1]
        assert github.find("k:7") is None


def test_lost_answer__may_have_opened_it_and_is_found() -> None:
    def drop(point: str, _request: Request) -> Verdict | None:
        return "drop" if point == "github.create_issue" else None

    with standing(ada_world(), fault=drop) as stand:
        with pytest.raises(OutcomeUnknown):
            client(stand).open(issue_payload("k:1", "Change", "Words"))
        assert client(stand).find("k:1") == 1


@pytest.mark.parametrize(("token", "error"), [("wrong", ChannelDown)])
def test_wrong_token__stops_the_channel(token: str, error: type[Exception]) -> None:
    with standing(ada_world()) as stand, pytest.raises(error):
        client(stand, token).find("k:1")


def test_limit__says_how_long_to_wait() -> None:
    def limited(_point: str, _request: Request) -> Verdict | None:
        return "429"

    with standing(ada_world(), fault=limited) as stand, pytest.raises(RateLimited) as caught:
        client(stand).find("k:1")
    assert caught.value.retry_after == timedelta(minutes=1)
