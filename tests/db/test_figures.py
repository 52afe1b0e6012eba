"""Figures by segment: of touches and of companies, asked for by an evidence id, whole beyond a page."""

from __future__ import annotations

import re
from datetime import timedelta

from shared import evidence
from shared.evidence import Evidence
from shared.state.measures import Figure
from shared.state.migrate import migrations
from tests.support.database import execute
from tests.support.ledger import NOW, TODAY, Ledger, about

DAY = timedelta(days=1)
SPAN = f"{TODAY}..{TODAY + 9 * DAY}"


def asked(ledger: Ledger, question: str) -> dict[tuple[str, ...], tuple[int, int]]:
    """(n, k) by level."""
    return {each.level: (each.n, each.k) for each in evidence.run(ledger.state, f"{question}:{SPAN}")}


def two_calls_to_one_company(ledger: Ledger) -> None:
    """The first is not answered, the second is, and that is heard twice; another company is called once."""
    first, colleague, other = ledger.lead(), ledger.lead(company=0), ledger.lead(employees=300, industry=None)
    ledger.accepted(first, channel="call")
    ledger.after(days=1)
    answered = ledger.accepted(colleague, channel="call")
    ledger.accepted(other, channel="call")
    for name in ("e1", "e2"):
        ledger.hear(about(answered, name, milestones=("answered", "dm_contact"), at=NOW + 2 * DAY))


def test_touches__by_day_hour_weekday_and_segment(ledger: Ledger) -> None:
    two_calls_to_one_company(ledger)
    by_hour = asked(ledger, "rate:answered/sent:by=weekday,hour:channel=call")
    assert by_hour == {("1", "10"): (1, 0), ("2", "10"): (2, 1)}
    assert asked(ledger, "rate:dm_contact/sent:by=size,industry") == {
        ("11-50", "roofing"): (2, 1),
        ("201-1000", ""): (1, 0),
    }
    assert asked(ledger, "rate:dm_contact/answered:size=11-50") == {(): (1, 1)}
    assert asked(ledger, "rate:dm_contact/answered:size=1-10") == {}


def test_companies__one_outcome_each_where_the_first_contact_stood(ledger: Ledger) -> None:
    two_calls_to_one_company(ledger)
    assert asked(ledger, "rate:answered/sent:companies:by=day") == {
        (TODAY.isoformat(),): (1, 1),
        ((TODAY + DAY).isoformat(),): (1, 0),
    }
    by_channel = asked(ledger, "rate:answered/sent:companies:by=channel")
    assert by_channel == {("call",): (2, 1)}


def test_first_touches__answer_for_themselves_alone(ledger: Ledger) -> None:
    lead = ledger.lead()
    first = ledger.accepted(lead, channel="call")
    ledger.after(days=1)
    second = ledger.accepted(lead, channel="call", step=2)
    ledger.hear(about(second, "e1", milestones=("answered",), at=ledger.now))
    assert asked(ledger, "rate:answered/sent:first_touches:channel=call") == {(): (1, 0)}
    ledger.hear(about(first, "e2", milestones=("answered",), at=NOW))
    assert asked(ledger, "rate:answered/sent:first_touches:channel=call") == {(): (1, 1)}
    assert asked(ledger, "rate:answered/sent:companies:channel=call") == {(): (1, 1)}
    assert asked(ledger, "rate:answered/sent:channel=call") == {(): (2, 2)}


def test_a_company_written_to_and_called__is_one_on_all_channels(ledger: Ledger) -> None:
    lead = ledger.lead()
    ledger.accepted(lead)
    ledger.after(days=2)
    called = ledger.accepted(lead, channel="call", step=2)
    ledger.hear(about(called, "e1", milestones=("answered", "booked"), at=ledger.now))
    assert asked(ledger, "rate:booked/sent:companies") == {(): (1, 1)}
    assert asked(ledger, "rate:booked/sent:companies:by=channel") == {("call",): (1, 1), ("email",): (1, 0)}


def test_a_first_word_that_is_an_answer__is_not_lost(ledger: Ledger) -> None:
    claim = ledger.submitted()
    ledger.hear(about(claim, "e1", milestones=("replied",), at=NOW))
    ledger.state.outreach.record_receipt(claim.id, claim.fence, "P-9", None)
    assert asked(ledger, "rate:replied/sent:companies") == {(): (1, 1)}


def test_a_meeting_that_was_held__counts_for_its_touch(ledger: Ledger) -> None:
    claim = ledger.accepted()
    ledger.hear(about(claim, "e1", milestones=("booked",), at=NOW))
    execute(ledger.dsn, "update meetings set state = 'held'; update meetings set state = 'held'")
    assert asked(ledger, "rate:held/booked") == {(): (1, 1)}


def test_a_size_learned_later__moves_no_figure(ledger: Ledger) -> None:
    claim = ledger.accepted()
    execute(ledger.dsn, "update companies set employees = 5000")
    ledger.hear(about(claim, "e1", milestones=("replied",), at=NOW))
    assert asked(ledger, "rate:replied/sent:by=size") == {("11-50",): (1, 1)}


def test_levels__are_whole_beyond_a_page(ledger: Ledger) -> None:
    execute(
        ledger.dsn,
        "insert into touch_rollups select '2026-11-23', 'email', 'sent', 1, '', '', '', 's' || g, '', '', g"
        " from generate_series(1, 2500) g",
    )
    found = evidence.run(ledger.state, Evidence("sent", "sent", TODAY, TODAY, ("source",)))
    assert len(found) == 2500
    assert sum(each.n for each in found) == 2500 * 2501 // 2
    assert Figure(level=("s7",), n=7, k=7) in found


def test_what_was_sent_before__is_counted_as_it_would_have_been(ledger: Ledger) -> None:
    two_calls_to_one_company(ledger)
    claim = ledger.accepted()
    ledger.hear(about(claim, "e9", milestones=("replied",), at=NOW))
    everything = """
        select to_jsonb(f) - 'reached', array(select unnest(reached) order by 1)
        from first_contacts f order by unit, channel"""
    counted = ledger.rows(everything)
    (migration,) = (each for each in migrations() if each.name == "figures")
    text = migration.path.read_text(encoding="utf-8")
    (backfill,) = re.findall(r"^do \$\$\nbegin\n.*?^\$\$;", text, re.MULTILINE | re.DOTALL)
    execute(ledger.dsn, "delete from first_contacts")
    execute(ledger.dsn, backfill)
    assert counted == ledger.rows(everything)
    assert len(counted) == 6


def test_talks__by_the_objection_that_came_first(ledger: Ledger) -> None:
    for kinds, booked in (("price", "no_time"), False), (("price",), True), ((), False):
        claim = ledger.accepted(channel="call")
        reached = ("answered", "booked") if booked else ("answered",)
        ledger.hear(about(claim, f"e{claim.id}", milestones=reached, at=NOW))
        ledger.run(
            "insert into call_reviews (touch_id, lead_id, reviewed_at, version, disclosed, early_hangup,"
            " questions, objections, quality, reasons)"
            " select id, lead_id, loop_now(), 1, true, false, 0, 1, 90, '{}'"
            " from touches where id = %s",
            claim.id,
        )
        for place, kind in enumerate(kinds):
            ledger.run(
                "insert into call_objections (touch_id, place, lead_id, kind, heard_at)"
                " select id, %s, lead_id, %s, loop_now() from touches where id = %s",
                *(place, kind, claim.id),
            )
    ledger.accepted(channel="call")
    assert asked(ledger, "rate:booked/answered:talks:by=objection:channel=call") == {
        ("",): (1, 0),
        ("price",): (2, 1),
    }
