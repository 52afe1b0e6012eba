"""Which remedy is tried when, and when none is left."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from functions.medic.playbooks import all_playbooks, is_beyond_repair, redeploy_website, remedy_for
from functions.medic.probes import all_probes
from shared.config import Settings
from shared.errors import Unreachable
from shared.loop import Loop
from shared.outside import Outside
from shared.providers.registry import Providers
from shared.state import State
from tests.unit.medic.scenes import NOW, incident, quiet


def tried(playbook: str, times: int, *, minutes_ago: int = 60) -> list[dict[str, Any]]:
    """So many tries whose rest is over unless they were a moment ago."""
    at = NOW - timedelta(minutes=minutes_ago)
    one = {
        "playbook": playbook,
        "outcome": "done",
        "tried_at": at,
        "retry_at": at + timedelta(minutes=10),
    }
    return [one] * times


def test_every_playbook__answers_to_probes_that_exist() -> None:
    kinds = {probe.kind for probe in all_probes()}
    assert all(set(playbook.triggers) <= kinds for playbook in all_playbooks())


def test_every_playbook__says_what_it_touches_and_how_it_is_undone() -> None:
    assert all(each.does and each.touches and each.undo and each.most_tries for each in all_playbooks())


@pytest.mark.parametrize(
    ("kind", "target", "remedy"),
    [
        ("stage_missed", "evening_report", "start_stage"),
        ("backlog", "touches", "run_tick"),
        ("unknown_touches", "touches", "run_tick"),
        ("spend", "call", None),
        ("mail_health", "email", None),
    ],
)
def test_an_incident__gets_the_remedy_for_its_kind(kind: str, target: str, remedy: str | None) -> None:
    found = remedy_for(incident(kind, target), quiet(), "watch")
    assert (found.name if found else None) == remedy


def test_a_remedy__rests_between_two_tries() -> None:
    fresh = incident("backlog", repairs=tried("run_tick", 1, minutes_ago=5))
    rested = incident("backlog", repairs=tried("run_tick", 1, minutes_ago=11))
    assert remedy_for(fresh, quiet(), "watch") is None
    assert remedy_for(rested, quiet(), "watch") is not None


def test_a_remedy__is_given_up_after_its_tries() -> None:
    spent = incident("backlog", repairs=tried("run_tick", 3))
    assert remedy_for(spent, quiet(), "watch") is None
    assert is_beyond_repair(spent, quiet(), "watch")


def test_an_incident_without_a_remedy__is_beyond_repair_at_once() -> None:
    assert is_beyond_repair(incident("spend"), quiet(), "watch")
    assert not is_beyond_repair(incident("backlog"), quiet(), "watch")


def test_nothing_is_started__while_the_owner_has_stopped_the_loop() -> None:
    assert remedy_for(incident("backlog"), quiet(kill_switch=True), "watch") is None
    assert remedy_for(incident("stage_missed", "watch"), quiet(live=False), "watch") is None


@pytest.mark.parametrize(
    ("target", "retryable", "remedy"),
    [("daily_executor", True, "rerun_stage"), ("daily_executor", False, None), ("outreach_tick", True, None)],
)
def test_a_failed_stage__is_run_again_only_where_that_can_help(
    target: str, retryable: bool, remedy: str | None
) -> None:
    failing = incident("stage_failing", target, evidence={"retryable": retryable})
    found = remedy_for(failing, quiet(), "watch")
    assert (found.name if found else None) == remedy


# The website.


class Hook(Outside):
    """A deploy hook that answers this."""

    def __init__(self, status: int) -> None:
        self.status, self.pushed = status, list[str]()

    def push(self, url: str) -> int:
        self.pushed.append(url)
        return self.status


def site_loop(hook: Hook) -> Loop:
    """A loop whose owner has a website with a hook."""
    settings = Settings(deploy_hook_url=SecretStr("https://host.example/hook"))
    return Loop(settings, State(Unused(), settings.installation_id), Providers(settings), outside=hook)


class Unused:
    """A transport that nothing may use."""

    def call(self, function: str, /, **arguments: Any) -> Any:
        raise AssertionError(function)

    def close(self) -> None:
        """Nothing is open."""


def test_a_website_that_is_down__gets_its_hook_pushed() -> None:
    hook = Hook(201)
    assert redeploy_website.act(site_loop(hook), incident("page_down", "website")) == "pushed, 201"
    assert hook.pushed == ["https://host.example/hook"]
    with pytest.raises(Unreachable):
        redeploy_website.act(site_loop(Hook(500)), incident("page_down", "website"))


def test_our_own_endpoint__is_not_pushed() -> None:
    assert remedy_for(incident("page_down", "web endpoint"), quiet(), "watch") is None
