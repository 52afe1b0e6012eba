"""The tick between the real ledger and the providers' wire: what it sends, stops at, and never repeats."""

from __future__ import annotations

import contextlib
import dataclasses
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest

from shared.state import State
from shared.state.postgres import PostgresTransport
from simulator.demo import credentials
from tests.support.transports import Interrupting, Watching
from tests.support.world import Faults, Row, Stand, consent, morning, people, stand

POINTS = {"call": "vapi.create_call", "email": "resend.send", "sms": "twilio.send"}
CALLED = people(3, phone="corporate phone", first=20)
MAILED = people(5)


def _only(here: Stand, channel: str) -> dict[str, Any]:
    (touch,) = [t for t in here.touches() if t["channel"] == channel and t["state"] != "refused"]
    return touch


@contextlib.contextmanager
def _owner(here: Stand) -> Iterator[State]:
    """Somebody else at the same database."""
    with State(PostgresTransport(here.dsn), here.days.loop.settings.installation_id) as state:
        yield state


# What it costs.


def test_nothing_due__seven_round_trips_and_no_claim(database: str) -> None:
    with stand(database, MAILED) as here:
        here.tick()
        watching = Watching(here.days.loop.state.transport)
        here.wrap(lambda _: watching)
        report = here.tick()
    assert report.status == "ok"
    assert len(watching.calls) <= 7, watching.calls
    assert not {"claim_due_v2", "begin_send_v1"} & set(watching.calls)


def test_each_send__is_one_begin_and_one_record(database: str) -> None:
    with morning(database, MAILED) as here:
        watching = Watching(here.days.loop.state.transport)
        here.wrap(lambda _: watching)
        here.tick()
    calls = Counter(watching.calls)
    assert calls["begin_send_v1"] == calls["record_receipt_v1"] == len(MAILED)
    assert calls["claim_due_v2"] == 2  # the second finds nothing more


# What commits before `begin_send` stops the send.


@pytest.mark.parametrize("nth", [1, 3])
def test_kill_switch__between_claim_and_begin__nothing_more_goes_out(database: str, nth: int) -> None:
    with morning(database, MAILED) as here:

        def pull(_: Any) -> None:
            with _owner(here) as state:
                state.live.set_kill_switch(True, reason="test", actor="owner")

        here.wrap(lambda inner: Interrupting(inner, "begin_send_v1", pull, nth))
        report = here.tick()
        assert len(here.sent("email")) == nth - 1
        assert report.counts["refused"] == {"KILL_SWITCH": len(MAILED) - nth + 1}
        here.tick()
        assert len(here.sent("email")) == nth - 1
        waiting = here.states("email")["planned", "KILL_SWITCH"]
        assert waiting == len(MAILED) - nth + 1
        here.days.loop.state.live.set_kill_switch(False, reason="", actor="owner")
        here.tick()
        assert sorted(here.sent("email")) == sorted(row["email"] for row in MAILED)


def test_not_live_any_more__between_claim_and_begin__nothing_goes_out(database: str) -> None:
    with morning(database, MAILED) as here:

        def turn_off(_: Any) -> None:
            with _owner(here) as state:
                state.live.turn_off(app="growthloop", actor="owner")

        here.wrap(lambda inner: Interrupting(inner, "begin_send_v1", turn_off))
        here.tick()
        assert here.sent("email") == []
        assert here.states("email") == {("planned", "NOT_LIVE"): len(MAILED)}


@pytest.mark.parametrize("nth", [1, 2, 5])
def test_opt_out__between_claim_and_begin__stops_that_person_only(database: str, nth: int) -> None:
    stopped: list[str] = []
    with morning(database, MAILED) as here:

        def unsubscribe(arguments: Any) -> None:
            stopped.append(arguments["id"])
            with _owner(here) as state:
                assert state.events.unsubscribe(UUID(arguments["id"]), source="link")

        here.wrap(lambda inner: Interrupting(inner, "begin_send_v1", unsubscribe, nth))
        here.tick()
        here.tick()
        (touch,) = [t for t in here.touches() if str(t["id"]) in stopped]
        assert touch["state"] == "cancelled"
        assert set(here.sent("email")) == {row["email"] for row in MAILED} - {touch["email"]}
        assert here.violations() == dict.fromkeys(here.violations(), 0)


# What the provider answers, and what it does not.


def _one_of(channel: str) -> tuple[list[Row], list[Row]]:
    """Somebody whose first open step is on this channel."""
    if channel == "email":
        return people(1), []
    if channel == "call":
        return people(1, phone="corporate phone"), []
    rows = people(1, phone="mobile phone")
    return rows, [consent(rows[0], "sms")]


@pytest.mark.parametrize("channel", ["call", "email", "sms"])
@pytest.mark.parametrize("verdict", ["drop", "refuse", "500"])
def test_lost_answer__is_looked_up_and_goes_out_once(database: str, channel: str, verdict: str) -> None:
    """`drop` took effect and nobody knows; `refuse` and 500 did not, and nobody knows that either."""
    rows, consents = _one_of(channel)
    with _ready(database, channel, rows, consents) as here:
        here.fault = faults = Faults(POINTS[channel], verdict)
        report = here.tick()
        assert report.status == "ok"
        assert report.counts["unknown"] == {channel: 1}
        assert len(here.sent(channel)) == int(verdict == "drop")
        ticks = [here.tick() for _ in range(4)]  # twelve minutes: "not there" counts after five
        settled = Counter[str]()
        for each in ticks:
            settled.update(each.counts["settled"])
        assert settled["accepted" if verdict == "drop" or channel == "email" else "absent"] == 1
        assert _only(here, channel)["state"] == "accepted"
        # An email is asked about by sending it again, under its key.
        assert faults.asked == (1 if verdict == "drop" and channel != "email" else 2)
        assert here.references() == {str(_only(here, channel)["id"]): 1}


@pytest.mark.parametrize("channel", ["call", "sms"])
def test_not_there__counts_only_after_five_minutes(database: str, channel: str) -> None:
    rows, consents = _one_of(channel)
    with _ready(database, channel, rows, consents) as here:
        here.fault = faults = Faults(POINTS[channel], "500")
        assert here.tick().counts["unknown"] == {channel: 1}
        assert here.tick().counts["settled"] == {}
        assert _only(here, channel)["state"] == "unknown"
        assert here.tick().counts["settled"] == {"absent": 1}
        here.tick()
        assert faults.asked == 2


@contextlib.contextmanager
def _ready(database: str, channel: str, rows: list[Row], consents: list[Row]) -> Iterator[Stand]:
    """A moment before the tick that sends on this channel; texts are a second day's step."""
    with morning(database, rows, consents) as here:
        if channel == "sms":
            here.skip_to(7, 55, day=here.days.clock.now.date() + timedelta(days=1))
            here.plan()
        yield here


def test_lost_answer__of_a_text__is_settled_by_its_callback(database: str) -> None:
    rows, consents = _one_of("sms")
    with _ready(database, "sms", rows, consents) as here:
        here.fault = faults = Faults(POINTS["sms"], "drop")
        here.tick()
        assert _only(here, "sms")["state"] == "unknown"
        here.skip_to(8, 30, day=here.days.clock.now.date())
        assert _only(here, "sms")["state"] == "finished"
        assert faults.asked == 1


def test_unknown__stops_its_channel_for_the_tick__others_go_on(database: str) -> None:
    """A provider in trouble leaves one touch unknown per tick, not a batch of them."""
    with morning(database, MAILED + CALLED) as here:
        here.fault = faults = Faults(POINTS["email"], "500")
        report = here.tick()
        assert faults.asked == 1
        assert report.counts["unknown"] == {"email": 1}
        assert len(here.sent("call")) == len(CALLED)
        assert here.states("email")["planned", None] == len(MAILED) - 1
        here.tick()
        assert sorted(here.sent("email")) == sorted(row["email"] for row in MAILED)


def test_rate_limit__requeues_and_stops_its_channel__others_go_on(database: str) -> None:
    with morning(database, MAILED + CALLED) as here:
        here.fault = faults = Faults(POINTS["email"], "429")
        report = here.tick()
        assert report.status == "ok"
        assert faults.asked == 1
        assert report.counts["failed"] == {"resend.rate_limit_exceeded": 1}
        assert len(here.sent("call")) == len(CALLED)
        assert here.sent("email") == []
        (waiting,) = [t for t in here.touches() if t["code"] == "resend.rate_limit_exceeded"]
        assert waiting["state"] == "planned"
        assert waiting["due_at"] > here.rows("select loop_now() as now")[0]["now"]
        assert not here.rows("select from deliveries where state = 'leased'")
        here.tick()
        assert sorted(here.sent("email")) == sorted(row["email"] for row in MAILED)
        assert max(here.references().values()) == 1


def test_rate_limit__gives_its_tokens_back(database: str) -> None:
    with morning(database, people(1)) as here:
        here.fault = Faults(POINTS["email"], "429")
        here.tick()
        assert {row["used"] for row in here.rows("select used from cap_usage")} == {0}


def test_unreachable_provider__holds_its_channel__and_goes_out_when_it_is_back(database: str) -> None:
    """What cannot be listened to is not sent on."""
    with morning(database, MAILED + CALLED) as here:
        address = here.days.loop.settings.resend_base_url
        here.configure(resend_base_url="http://127.0.0.1:1")
        report = here.tick()
        assert report.status == "ok"
        assert report.counts["refused"]["VENDOR_LIMIT"] == len(MAILED)
        assert here.states("email") == {("planned", "VENDOR_LIMIT"): len(MAILED)}
        assert len(here.sent("call")) == len(CALLED)
        here.configure(resend_base_url=address)
        for _ in range(3):
            here.tick()
        assert sorted(here.sent("email")) == sorted(row["email"] for row in MAILED)


def test_refused_key__stops_the_channel_and_tells_the_owner_once(database: str) -> None:
    with morning(database, MAILED + CALLED) as here:
        here.configure(vapi_api_key=here.days.loop.settings.resend_api_key)
        asked = Faults("vapi.list_calls")
        here.fault = asked
        report = here.tick()
        assert report.status == "failed"
        assert report.error is not None
        assert report.error["code"] == "vapi.401"
        assert len(here.sent("email")) == len(MAILED), "another channel's trouble is no reason to wait"
        for _ in range(4):
            here.tick()
        assert here.sent("call") == []
        assert asked.asked == 5, "one request a tick, not one a touch"
        assert {s for s, code in here.states("call") if code != "BAD_DATA"} == {"planned"}
        here.fire("evening_report")
        (mail,) = here.inbox.mails
        alarm = "Stage outreach_tick failed. vapi.401, 5 times"
        assert alarm in " ".join(mail.text.split())


def test_provider_that_takes_no_more_at_once__is_not_asked_for_more(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the account has left counts calls of others, too; ours alone would not tell."""
    one = dataclasses.replace(credentials(), vapi_concurrency=1)
    monkeypatch.setattr("tests.support.world.credentials", lambda: one)
    with morning(database, CALLED) as here:
        here.fault = asked = Faults("vapi.create_call")
        report = here.tick()
        assert (asked.asked, report.counts["sent"]) == (1, {"call": 1})
        assert any("vapi takes no more at once" in note for note in report.notes)
        for _ in range(4):
            here.tick()
        assert sorted(here.sent("call")) == sorted(row["corporate phone"] for row in CALLED)


def test_bad_address__is_over_for_that_person_only(database: str) -> None:
    """Resend's 422 about `to` closes the address; the touch is not tried again."""
    with morning(database, MAILED) as here:
        bad = MAILED[2]["email"]
        with psycopg.connect(here.dsn, autocommit=True) as connection:
            connection.execute("update leads set email = 'not an address' where email = %s", [bad])
        here.tick()
        here.tick()
        assert set(here.sent("email")) == {row["email"] for row in MAILED} - {bad}
        (closed,) = here.rows("select email from leads where email_invalid_since is not null")
        assert closed["email"] == "not an address"
        assert here.rows("select state from deliveries where code like 'resend.%%'") == [{"state": "failed"}]
