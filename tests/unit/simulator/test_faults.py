"""Each fault comes at its rate, in its span, on record, and to the same ones whatever the order."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from shared.errors import ConfigurationError
from simulator.agenda import Agenda
from simulator.clock import VirtualClock
from simulator.credentials import Credentials
from simulator.faults import Faults, first_day, read_entries
from simulator.faults.database import FaultyTransport, Killed
from simulator.faults.verdicts import Behind, Refusal, Slow
from simulator.faults.words import ATTACKS
from simulator.record import Record
from simulator.truth import Injected, Truth
from simulator.webhooks import Signer, deliver_due
from simulator.wire.http import Request
from simulator.world.calls import CallOutcome
from simulator.world.dice import dice
from simulator.world.texts import TextOutcome, TextReply
from tests.unit.simulator.test_agenda import BASE, Outside
from tests.unit.simulator.test_fault_entries import kinds

NEW_YORK = ZoneInfo("America/New_York")
START = datetime(2026, 10, 5, 7, tzinfo=NEW_YORK)
MIDNIGHT = datetime(2026, 10, 5, tzinfo=NEW_YORK)
INSIDE = MIDNIGHT + timedelta(hours=12)
MANY = 600
TALKED = CallOutcome(
    "conversation", "customer-ended-call", talked=True, ring_s=8, talk_s=60, lines=(("bot", "Hello."),)
)
REPLY = TextOutcome("replied", INSIDE, reply=TextReply("positive", "Sure.", INSIDE))


def faults_of(*tables: Mapping[str, object], seed: int = 1) -> tuple[Faults, Truth]:
    """The faults of these entries, and the truth they write."""
    truth = Truth("test", seed)
    return Faults(read_entries(tables, "test.toml"), truth, start=START, zone=NEW_YORK), truth


def _request(faults: Faults, n: int, at: datetime) -> bool:
    body = json.dumps({"to": [f"p{n}@example.com"]}).encode()
    request = Request("POST", "/emails", {}, {"content-type": "application/json"}, body)
    return faults.requests.verdict("resend.send", request, at) is not None


def _list(faults: Faults, n: int, at: datetime) -> bool:
    request = Request("GET", f"/emails/{n}", {}, {}, b"")
    return faults.requests.verdict("resend.emails", request, at) is not None


def _webhook(faults: Faults, n: int, at: datetime) -> bool:
    agenda = Agenda()
    due = replace(BASE, at=at, person=f"p{n}", event_id=f"msg_{n}")
    agenda.add(replace(due, at=at + timedelta(minutes=5), event_id=f"msg_{n}_next", order=1))
    found = faults.webhooks.turn(due, agenda, Record(), at)
    return found != [due] or len(agenda) > 1


def _spoiled(faults: Faults, n: int, _at: datetime) -> bool:
    row = f"First Name,Company,Email,Mobile Phone,City,State\nPat,Example Inc,p{n}@example.com,,Denver,CO\n"
    return faults.lists.spoiled(row.encode()).decode().replace("\r\n", "\n") != row


def _call(faults: Faults, n: int, at: datetime) -> bool:
    number = f"+1212555{n:04}"
    return faults.people.call(TALKED, person=f"p{n}", number=number, sender="vapi-00", n=1, at=at) != TALKED


def _text(faults: Faults, n: int, at: datetime) -> bool:
    return faults.people.text(REPLY, person=f"p{n}", number=f"+1212555{n:04}", n=1, at=at) != REPLY


def _firing(faults: Faults, n: int, at: datetime) -> bool:
    log: list[str] = []
    transport = FaultyTransport(_Twenty(), lambda: None)

    def run() -> None:
        log.append("begun")
        for _ in range(20):
            transport.call("anything_v1")
        log.append("done")

    stage = ("outreach_tick", "evening_report", "daily_metrics")[n % 3]
    slot = at + timedelta(seconds=n // 3)
    faults.stages.fire(stage, lambda: slot, transport, run, lambda: log.append("beside"))
    return log != ["begun", "done"]


class _Twenty:
    """A database that always answers."""

    def call(self, function: str, /, **_: object) -> object:
        return function

    def close(self) -> None:
        """Nothing to close."""


Hit = Callable[[Faults, int, datetime], bool]
EACH: dict[str, Hit] = {
    **dict.fromkeys(
        ("effect_dropped", "slow", "timed_out", "rate_limited", "quota_reached", "server_error"), _request
    ),
    **dict.fromkeys(("list_lags", "list_down"), _list),
    **dict.fromkeys(
        ("webhook_lost", "webhook_late", "webhook_doubled", "webhook_reordered", "webhook_forged"), _webhook
    ),
    **dict.fromkeys(("duplicate_leads", "wrong_zone", "injection_company"), _spoiled),
    **dict.fromkeys(("stage_missed", "stage_doubled", "stage_overlapping", "stage_killed"), _firing),
    **dict.fromkeys(
        ("model_malformed", "model_refused", "model_overloaded", "model_wrong"),
        lambda faults, n, at: faults.model.behaviour(f"prompt{n}", 1, at) is not None,
    ),
    "injection_transcript": _call,
    "injection_reply": _text,
    "number_reassigned": _call,
    "call_never_ends": lambda faults, n, at: faults.people.never_ends(f"p{n}", 1, at),
}
SPANS: dict[str, tuple[dict[str, object], Callable[[Faults, datetime], bool]]] = {
    "provider_down": ({"provider": "resend"}, lambda faults, at: _request(faults, 1, at)),
    "database_down": ({}, lambda faults, at: faults.database.is_down(at)),
    "database_slow": ({}, lambda faults, at: bool(faults.database.latency(at))),
    "clock_skew": ({"of": "provider"}, lambda faults, at: bool(faults.clocks.skew("provider", at))),
    "number_flagged": ({"answers": 0.0}, lambda faults, at: _call(faults, 1, at)),
    "owner_silent": ({}, lambda faults, at: faults.owner.silent(at)),
}
WITHOUT_A_SPAN = {"duplicate_leads", "wrong_zone", "injection_company", "number_reassigned"}


def test_every_kind__is_tried_here() -> None:
    assert EACH.keys() | SPANS.keys() | {"dst_change"} == kinds()


@pytest.mark.parametrize("kind", sorted(EACH))
def test_rate__is_kept_and_every_hit_is_on_record(kind: str) -> None:
    faults, truth = faults_of({"kind": kind, "rate": 0.2})
    hits = sum(EACH[kind](faults, n, INSIDE) for n in range(MANY))
    assert 0.13 < hits / MANY < 0.27
    assert len(truth.injected) == hits
    assert {fault.kind for fault in truth.injected} == {kind}


@pytest.mark.parametrize("kind", sorted(EACH))
def test_order__does_not_matter(kind: str) -> None:
    def run(order: list[int], seed: int) -> tuple[dict[int, bool], tuple[Injected, ...]]:
        faults, truth = faults_of({"kind": kind, "rate": 0.3}, seed=seed)
        hits = {n: EACH[kind](faults, n, INSIDE) for n in order}
        return dict(sorted(hits.items())), truth.injected

    straight = list(range(100))
    shuffled = dice("order").sample(straight, 100)
    assert run(straight, 1) == run(shuffled, 1)
    assert run(straight, 1)[0] != run(straight, 2)[0]


@pytest.mark.parametrize("kind", sorted(EACH.keys() - WITHOUT_A_SPAN))
def test_outside_its_span__nothing_is_hit(kind: str) -> None:
    faults, truth = faults_of({"kind": kind, "start": "10h", "length": "4h"})
    outside = (MIDNIGHT + timedelta(hours=9, minutes=59), MIDNIGHT + timedelta(hours=14))
    assert [EACH[kind](faults, n, at) for n, at in enumerate(outside)] == [False, False]
    assert truth.injected == ()
    assert EACH[kind](faults, 3, MIDNIGHT + timedelta(hours=10))


@pytest.mark.parametrize("kind", sorted(SPANS))
def test_a_span__comes_as_a_whole_and_is_noted_once(kind: str) -> None:
    more, hit = SPANS[kind]
    faults, truth = faults_of({"kind": kind, "start": "10h", "length": "4h", **more})
    moments = (9.9, 10, 13.9, 14)
    assert [hit(faults, MIDNIGHT + timedelta(hours=h)) for h in moments] == [False, True, True, False]
    (noted,) = truth.injected
    assert (noted.kind, noted.at, noted.until) == (
        kind,
        MIDNIGHT + timedelta(hours=10),
        MIDNIGHT + timedelta(hours=14),
    )


@pytest.mark.parametrize("kind", sorted(SPANS))
def test_rate_of_a_span__is_the_chance_that_it_comes_at_all(kind: str) -> None:
    more, _ = SPANS[kind]
    table = {"kind": kind, "rate": 0.4, "length": "4h", **more}
    come = sum(bool(faults_of(table, seed=seed)[1].injected) for seed in range(200))
    assert 0.28 < come / 200 < 0.52


# What each does.


@pytest.mark.parametrize(
    ("table", "verdict"),
    [
        ({"kind": "effect_dropped"}, "drop"),
        ({"kind": "timed_out", "takes": "30s"}, Slow(timedelta(seconds=30), lost=True)),
        ({"kind": "slow", "takes": "8s"}, Slow(timedelta(seconds=8))),
        ({"kind": "rate_limited"}, Refusal(429)),
        ({"kind": "rate_limited", "retry_after": "90s"}, Refusal(429, timedelta(seconds=90))),
        ({"kind": "quota_reached"}, Refusal(quota=True)),
        ({"kind": "server_error", "points": ["resend.*"], "status": 502}, Refusal(502)),
        ({"kind": "list_lags", "points": ["resend.send"], "by": "10m"}, Behind(timedelta(minutes=10))),
    ],
)
def test_verdict__is_what_the_entry_says(table: dict[str, object], verdict: object) -> None:
    faults, _ = faults_of(table)
    request = Request("POST", "/emails", {}, {}, b'{"to": "p@example.com"}')
    assert faults.requests.verdict("resend.send", request, INSIDE) == verdict
    assert faults.requests.verdict("slack.post", request, INSIDE) is None


def test_a_request_again__is_another_throw_of_the_dice() -> None:
    faults, _ = faults_of({"kind": "effect_dropped", "rate": 0.5})
    hits = [_request(faults, 1, INSIDE) for _ in range(200)]
    assert 60 < sum(hits) < 140


def _delivered(table: Mapping[str, object], minutes: int = 600) -> tuple[list[str], Record, Faults]:
    """Ids in the order of arrival, of two webhooks a minute apart, and what is written down."""
    faults, _ = faults_of(table)
    agenda, clock, record = Agenda(), VirtualClock(INSIDE), Record()
    agenda.add(replace(BASE, at=INSIDE, event_id="one"))
    agenda.add(replace(BASE, at=INSIDE + timedelta(minutes=1), event_id="two", order=1))
    outside = Outside()
    for _ in range(minutes):
        deliver_due(agenda, clock, outside.post, signer=Signer(Credentials()), record=record, faults=faults)
        clock.advance_to(clock.now + timedelta(minutes=1))
    return [headers["svix-id"] for _, headers, _ in outside.seen], record, faults


def test_a_lost_webhook__never_comes_and_is_counted_as_lost() -> None:
    seen, record, _ = _delivered({"kind": "webhook_lost", "length": "12h 1m"})
    assert seen == ["two"]
    assert record.lost == {"svix.sent.0": 1}


def test_a_late_webhook__comes_within_its_bounds() -> None:
    late = {"kind": "webhook_late", "length": "12h 1m", "least": "1h", "most": "2h"}
    assert _delivered(late, 60)[0] == ["two"]
    assert _delivered(late, 122)[0] == ["two", "one"]


def test_a_doubled_webhook__comes_again_with_the_same_id() -> None:
    seen, record, _ = _delivered({"kind": "webhook_doubled", "length": "12h 1m"})
    assert sorted(seen) == ["one", "one", "two"]
    assert record.lost == {}


def test_reordered_webhooks__change_places() -> None:
    assert _delivered({"kind": "webhook_reordered"})[0] == ["two", "one"]


def test_a_forged_webhook__has_no_valid_signature_and_one_that_is_taken_is_kept() -> None:
    seen, _, faults = _delivered({"kind": "webhook_forged", "length": "12h 1m"})
    assert seen == ["forged-one", "one", "two"]
    assert [each.event_id for each in faults.webhooks.accepted_forgeries] == ["forged-one"]
    forged = replace(BASE, forged=True)
    true, false = (Signer(Credentials()).headers(each, INSIDE) for each in (BASE, forged))
    assert true["svix-signature"] != false["svix-signature"]


def test_a_skewed_provider__stamps_what_its_clock_shows() -> None:
    faults, _ = faults_of({"kind": "clock_skew", "of": "provider", "by": "-6m"})
    agenda, outside = Agenda(), Outside()
    agenda.add(replace(BASE, at=INSIDE))
    signer = Signer(Credentials())
    deliver_due(agenda, VirtualClock(INSIDE), outside.post, signer=signer, record=Record(), faults=faults)
    stamp = datetime.fromtimestamp(int(outside.seen[0][1]["svix-timestamp"]), UTC)
    assert INSIDE - stamp == timedelta(minutes=6)
    assert faults.clocks.skew("database", INSIDE) == timedelta(0)


def test_an_attack__is_said_in_the_transcript_and_written_in_the_reply() -> None:
    faults, _ = faults_of({"kind": "injection_transcript"}, {"kind": "injection_reply"})
    call = faults.people.call(TALKED, person="p", number="+12125550101", sender="", n=1, at=INSIDE)
    text = faults.people.text(REPLY, person="p", number="+12125550101", n=1, at=INSIDE)
    assert any(attack.text == call.lines[-1][1] for attack in ATTACKS)
    assert text.reply is not None
    assert any(text.reply.text == f"Sure. {attack.text}" for attack in ATTACKS)
    stop = replace(REPLY, reply=TextReply("opt_out", "STOP", INSIDE, keyword=True))
    assert faults.people.text(stop, person="p", number="+12125550101", n=2, at=INSIDE) == stop


def test_a_reassigned_number__is_answered_by_somebody_else() -> None:
    faults, truth = faults_of({"kind": "number_reassigned", "start": "1h", "length": "2h"})
    number = "+12125550101"
    early = faults.people.call(TALKED, person="p", number=number, sender="", n=1, at=MIDNIGHT)
    later = faults.people.call(TALKED, person="p", number=number, sender="", n=1, at=INSIDE)
    assert (early, later.disposition, later.meeting_at) == (TALKED, "wrong_number", None)
    assert faults.people.text(REPLY, person="p", number=number, n=1, at=INSIDE).reply is None
    assert [(each.target, each.at < INSIDE) for each in truth.injected] == [(number, True)]


def test_a_flagged_number__is_answered_by_a_part_of_those_who_would_have() -> None:
    faults, _ = faults_of({"kind": "number_flagged", "number": "vapi-01", "answers": 0.25})
    calls = [
        faults.people.call(TALKED, person=f"p{n}", number="", sender="vapi-01", n=1, at=INSIDE)
        for n in range(400)
    ]
    assert 60 < sum(call.talked for call in calls) < 140
    other = faults.people.call(TALKED, person="p1", number="", sender="vapi-02", n=1, at=INSIDE)
    assert other == TALKED


CSV = (
    b"First Name,Last Name,Company,Email,Mobile Phone,City,State\r\n"
    b"Pat,Example,Example Inc,pat@example.com,+12125550101,New York,NY\r\n"
    b",,,,,,\r\n"
)


def test_duplicate_leads__are_the_same_people_otherwise_spelled() -> None:
    faults, _ = faults_of({"kind": "duplicate_leads"})
    rows = faults.lists.spoiled(CSV).decode().splitlines()
    assert rows[1:3] == [
        "Pat,Example,Example Inc,pat@example.com,+12125550101,New York,NY",
        "PAT,EXAMPLE,Example Inc,PAT@EXAMPLE.COM,(212) 555-0101,New York,NY",
    ]
    assert len(rows) == 4


def test_wrong_zone__moves_people() -> None:
    faults, truth = faults_of({"kind": "wrong_zone"})
    assert b"Los Angeles,CA" in faults.lists.spoiled(CSV)
    assert [each.target for each in truth.injected] == ["pat@example.com"]


def test_injected_company__keeps_its_name_in_front() -> None:
    faults, _ = faults_of({"kind": "injection_company"})
    assert b"Example Inc " in faults.lists.spoiled(CSV)
    assert any(attack.text.encode()[:20] in faults.lists.spoiled(CSV) for attack in ATTACKS)


def test_without_such_faults__a_file_keeps_its_bytes() -> None:
    faults, _ = faults_of({"kind": "webhook_lost"})
    assert faults.lists.spoiled(CSV) is CSV


def test_a_killed_worker__makes_no_call_any_more_until_there_is_a_new_one() -> None:
    transport = FaultyTransport(_Twenty(), lambda: None)
    transport.before_call(2, transport.die)
    assert transport.call("one_v1") == "one_v1"
    for _ in range(3):
        with pytest.raises(Killed):
            transport.call("two_v1")
    transport.as_new()
    assert transport.call("three_v1") == "three_v1"


def test_change_of_clocks__is_put_on_the_day_asked_for() -> None:
    entries = read_entries([{"kind": "dst_change", "start": "3d"}], "test.toml")
    first = first_day(entries, date(2026, 10, 8), NEW_YORK)
    assert first == date(2026, 10, 29)
    truth = Truth("test", 1)
    start = datetime(2026, 10, 29, 7, tzinfo=NEW_YORK)
    Faults(entries, truth, start=start, zone=NEW_YORK)
    (noted,) = truth.injected
    assert noted.at == datetime(2026, 11, 1, 6, tzinfo=UTC)
    assert not noted.detectable


def test_change_of_clocks_on_an_ordinary_day__is_refused_with_the_right_day() -> None:
    with pytest.raises(ConfigurationError, match="begin the run on 2026-10-29"):
        faults_of({"kind": "dst_change", "start": "3d"})
    with pytest.raises(ConfigurationError, match="choose a zone"):
        first_day(
            read_entries([{"kind": "dst_change"}], "test.toml"), date(2026, 1, 1), ZoneInfo("America/Phoenix")
        )


def test_a_span__is_read_from_the_wall_clock_across_a_change_of_clocks() -> None:
    entries = read_entries([{"kind": "owner_silent", "start": "1d 9h", "length": "1h"}], "test.toml")
    start = datetime(2026, 10, 31, 7, tzinfo=NEW_YORK)
    faults = Faults(entries, Truth("test", 1), start=start, zone=NEW_YORK)
    assert faults.owner.silent(datetime(2026, 11, 1, 9, 30, tzinfo=NEW_YORK))
    assert not faults.owner.silent(datetime(2026, 11, 1, 8, 30, tzinfo=NEW_YORK))
