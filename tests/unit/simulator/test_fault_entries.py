"""What a world file may say about faults, and what is said when it says something else."""

from __future__ import annotations

import tomllib
from datetime import timedelta
from typing import get_args

import pytest

from shared.errors import ConfigurationError
from simulator.faults import entries
from simulator.faults.entries import read_entries, span

GOOD = """
[[faults]]
kind = "webhook_late"
rate = 0.05
start = "1d 9h"
length = "3d"
most = "6h"

[[faults]]
kind = "rate_limited"
points = ["vapi.*", "resend.send"]
retry_after = "30s"

[[faults]]
kind = "provider_down"
provider = "twilio"
length = "4h"

[[faults]]
kind = "stage_missed"
stages = ["daily_executor"]
"""


def test_entries__are_read_in_the_files_order() -> None:
    late, limited, down, missed = read_entries(tomllib.loads(GOOD)["faults"], "stormy.toml")
    assert isinstance(late, entries.WebhookLate)
    assert (late.rate, late.start, late.length) == (0.05, timedelta(days=1, hours=9), timedelta(days=3))
    assert isinstance(limited, entries.RateLimited)
    assert limited.retry_after == timedelta(seconds=30)
    assert isinstance(down, entries.ProviderDown)
    assert isinstance(missed, entries.StageFault)
    assert missed.length is None


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ({"kind": "webhook_lots"}, ["fault 1", "webhook_lots", "webhook_lost"]),
        ({"rate": 1}, ["fault 1", "kind"]),
        ({"kind": "webhook_lost", "rate": 1.2}, ["rate", "less than or equal to 1"]),
        ({"kind": "webhook_lost", "often": True}, ["often", "not permitted"]),
        ({"kind": "webhook_late", "most": "3 days"}, ["most", '"2d 10h"']),
        ({"kind": "webhook_late", "length": "0s"}, ["length", "longer than nothing"]),
        ({"kind": "webhook_late", "start": 3}, ["start", "no span of time"]),
        ({"kind": "slow", "points": ["vapi.creat_call"]}, ["points", "vapi.create_call"]),
        ({"kind": "stage_missed", "stages": ["dayly_executor"]}, ["stages", "daily_executor"]),
        ({"kind": "provider_down", "provider": "myspace"}, ["provider", "twilio"]),
        ({"kind": "database_slow", "takes": "9s"}, ["takes", "less than"]),
        ({"kind": "server_error", "status": 404}, ["status", "500"]),
        ("no table", ["fault 1"]),
    ],
)
def test_a_mistake__is_named_with_file_place_and_what_it_should_be(table: object, words: list[str]) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read_entries([table], "stormy.toml")
    said = str(caught.value)
    assert said.startswith("stormy.toml: ")
    assert [word for word in words if word not in said] == []


def test_all_mistakes__are_told_at_once() -> None:
    tables = [{"kind": "webhook_lost", "rate": 2}, {"kind": "owner_silent"}, {"kind": "nothing"}]
    with pytest.raises(ConfigurationError, match=r"fault 1 .*fault 3"):
        read_entries(tables, "stormy.toml")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("2d 10h", timedelta(days=2, hours=10)),
        ("90s", timedelta(seconds=90)),
        ("-5m", timedelta(minutes=-5)),
        ("1h30m", timedelta(hours=1, minutes=30)),
    ],
)
def test_span__is_written_as_one_speaks(text: str, wanted: timedelta) -> None:
    assert span(text) == wanted


def test_kinds__are_all_that_a_world_can_ask_for() -> None:
    assert kinds() == {
        *("webhook_lost", "webhook_late", "webhook_doubled", "webhook_reordered", "webhook_forged"),
        *("call_never_ends", "effect_dropped", "slow", "timed_out", "list_lags", "list_down"),
        *("rate_limited", "quota_reached", "server_error", "provider_down"),
        *("database_down", "database_slow"),
        *("stage_missed", "stage_doubled", "stage_overlapping", "stage_killed"),
        *("dst_change", "clock_skew", "owner_silent"),
        *("model_malformed", "model_refused", "model_overloaded", "model_wrong"),
        *("injection_transcript", "injection_reply", "injection_company"),
        *("number_flagged", "number_reassigned", "duplicate_leads", "wrong_zone"),
    }


def kinds() -> set[str]:
    """Every kind that an entry may have."""
    union = get_args(entries.AnyEntry)[0]
    return {kind for sort in get_args(union) for kind in get_args(sort.model_fields["kind"].annotation)}
