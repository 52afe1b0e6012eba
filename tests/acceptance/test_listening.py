"""What no webhook brought is read back before anything is sent; what a restore forgot is not sent again."""

from __future__ import annotations

import dataclasses
from datetime import timedelta

import psycopg

from simulator.wire.http import Request
from tests.support.transports import Watching
from tests.support.world import Faults, Stand, consent, morning, people, rates, stand

MAILED = people(5)
CALLED = people(3, phone="corporate phone", first=20)


def without_webhooks(here: Stand, **later: float) -> None:
    """Let time pass in which every webhook is lost on its way."""
    here.days.move_to(here.days.clock.now + timedelta(**later))


def test_stop_by_text_that_no_webhook_brought__is_in_force_before_anything_is_sent(database: str) -> None:
    rows = people(1, phone="mobile phone")
    agreed = [consent(rows[0], "sms")]
    truth = rates(texts={"opt_out": 1.0, "reply": 0.0})
    with stand(database, rows, agreed, truth=truth) as here:
        here.plan()
        here.skip_to(7, 55, day=here.days.clock.now.date() + timedelta(days=1))
        here.plan()
        here.tick()
        assert len(here.sent("sms")) == 1
        without_webhooks(here, days=3)
        assert here.tick().counts["heard"] == {"sms": 1}
        assert here.rows("select is_suppressed(id) as stopped from leads") == [{"stopped": True}]
        here.skip_to(20, day=here.days.clock.now.date())  # the webhook comes after all
        assert here.rows("select count(*) as n from messages where direction = 'in'") == [{"n": 1}]


def test_answer_by_email_that_no_webhook_brought__comes_with_its_words_once(database: str) -> None:
    truth = rates(emails={"reply_per_person": 1.0})
    with stand(database, people(4), truth=truth) as here:
        here.plan()
        here.tick()
        without_webhooks(here, days=4)
        heard = here.tick().counts["heard"]["email"]
        assert heard > 0
        found = here.rows("select body, reply_class from messages where direction = 'in'")
        assert len(found) == heard
        assert all(each["body"] for each in found)
        here.skip_to(20, day=here.days.clock.now.date())
        assert here.rows("select count(*) as n from messages where direction = 'in'") == [{"n": heard}]


def test_call_of_which_nothing_was_heard__is_read_back(database: str) -> None:
    with morning(database, CALLED) as here:
        here.tick()
        without_webhooks(here, minutes=20)
        assert here.tick().counts["heard"]["call"] >= 1
        assert ("finished", None) in here.states("call")


def test_call_that_never_ends__is_hung_up(database: str) -> None:
    with morning(database, people(1, phone="corporate phone")) as here:
        here.tick()
        (call,) = here.days.wire._fakes["vapi"]._calls.values()  # type: ignore[attr-defined]
        endless = dataclasses.replace(call.outcome, talk_s=86_400.0)
        object.__setattr__(call, "outcome", endless)
        without_webhooks(here, minutes=20)
        assert here.tick().counts["settled"] == {"hung_up": 1}
        assert here.tick().counts["settled"] == {}, "not asked again at once"


def test_forgotten_sends__are_adopted_and_nothing_goes_out_again(database: str) -> None:
    """A restore lost the commits of a whole tick: intents, receipts, tokens."""
    with morning(database, MAILED + CALLED) as here:
        here.tick()
        sent = here.references()
        before = {t["id"]: t["provider_id"] for t in here.touches() if t["provider_id"]}
        assert len(before) == len(sent) > len(MAILED)
        forget(here)
        report = here.tick()
        assert report.counts["settled"] == {"adopted": len(before)}
        assert here.references() == sent
        assert {t["id"]: t["provider_id"] for t in here.touches() if t["provider_id"]} == before


def forget(here: Stand) -> None:
    """As the database was before the tick, on a server that was started since."""
    with psycopg.connect(here.dsn, autocommit=True) as owner:
        owner.execute(
            "update deliveries set state = 'planned', provider_id = null, submitted_at = null, try = 0,"
            " accepted_at = null, closed_at = null, payload = null, provider = null, reserved = '[]'"
            " where submitted_at is not null"
        )
        owner.execute("delete from cap_usage")
        owner.execute("update senders set last_submitted_at = null")
        owner.execute("update channels set heard_by = heard_by - interval '1 hour'")


def test_look_up_that_is_down__parks_with_an_owner_who_reads_of_it(database: str) -> None:
    with morning(database, people(1, phone="corporate phone")) as here:
        drop, down = Faults("vapi.create_call", "drop"), [False]

        def fault(point: str, request: Request) -> str | None:
            return "500" if point == "vapi.list_calls" and down[0] else drop(point, request)

        here.fault = fault
        assert here.tick().counts["unknown"] == {"call": 1}
        down[0] = True
        assert here.tick().counts["settled"] == {"parked": 1}
        (touch,) = [t for t in here.touches() if t["channel"] == "call"]
        assert touch["state"] == "parked"
        here.fire("evening_report")
        text = here.inbox.mails[-1].text
        assert str(touch["id"]) in text
        assert "owner" in text
        down[0] = False
        here.tick()
        assert {state for state, _ in here.states("call")} <= {"accepted", "finished"}
        assert len(here.sent("call")) == 1


def test_long_pause_asked_for__rests_the_channel_for_every_worker(database: str) -> None:
    with morning(database, MAILED) as here:
        answers = Faults("resend.send", "429")
        here.fault = answers
        here.tick()
        assert here.rows("select rest_code from channels where channel = 'email'") == [
            {"rest_code": "resend.rate_limit_exceeded"}
        ]
        here.tick()
        assert sorted(here.sent("email")) == sorted(row["email"] for row in MAILED)


def test_idle_channel__is_listened_to_every_quarter_of_an_hour(database: str) -> None:
    with morning(database, MAILED) as here:
        here.tick()
        asked: list[str] = []
        here.fault = lambda point, _: asked.append(point)
        for _ in range(10):  # half an hour
            here.tick()
        assert sorted(asked) == sorted(["vapi.list_calls", "twilio.read", "resend.emails"] * 2)


def test_tick_without_a_sender__asks_nobody(database: str) -> None:
    with stand(database, MAILED) as here:
        here.configure(call_senders="", email_senders="", sms_senders="")
        here.days.loop.state.outreach.seed_senders([])
        watching = Watching(here.days.loop.state.transport)
        here.wrap(lambda _: watching)
        asked: list[str] = []
        here.fault = lambda point, _: asked.append(point)
        here.tick()
        assert asked == []
        assert not [name for name in watching.calls if name in ("heard_v1", "unheard_v1", "unseen_v1")]
