"""The day in one sentence: every kind of day, and never a failure that sounds like a quiet one."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from math import comb

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.mail.evening import (
    Baseline,
    ChannelDay,
    Count,
    EveningReport,
    FailedStage,
    FinalFigure,
    Incident,
    Line,
    Missing,
    NotContacted,
    WeekDay,
    baseline,
)
from shared.mail.verdict import (
    NOUNS,
    WORKING_DAYS_A_QUARTER,
    alarms,
    line_check,
    side,
    tone,
    verdict,
    wilson,
)
from shared.mail.words import REFUSALS
from tests.support.sample_report import CALLS, DAY, at, first_day, known, nothing_sent, sample_report

NOW = datetime(2026, 11, 17, 22, tzinfo=UTC)


def bare(**changes: object) -> EveningReport:
    report = EveningReport(DAY, "Bright Line Answering", "America/New_York", NOW)
    return replace(report, **changes)  # type: ignore[arg-type]


def with_answers(answered: int, *, sent: int = 41) -> EveningReport:
    calls = ChannelDay(
        "call",
        {
            "planned": known(sent, 40, 30, 50),
            "sent": known(sent, 40.0, 30, 50),
            "answered": known(answered, 12.4, 7, 18),
            "conversation": Count(12),
            "booked": Count(2),
        },
    )
    return bare(contacted=Count(41, Baseline(40, 30, 50)), channels=(calls,))


def test_verdict__ordinary_day_names_the_figures_and_the_usual_rate() -> None:
    assert verdict(with_answers(13)) == (
        "A normal Tuesday: 41 people contacted, 12 conversations and 2 meetings booked — "
        "answers at 32\u00a0%, close to your usual 31\u00a0%."
    )


@pytest.mark.parametrize(
    ("answered", "kind", "words", "feeling"),
    [(28, "good", "above", "good"), (2, "weak", "below", "warn")],
)
def test_verdict__better_or_worse_only_outside_the_interval(
    answered: int, kind: str, words: str, feeling: str
) -> None:
    report = replace(with_answers(answered), lines=())
    assert verdict(report).startswith(f"A {kind} Tuesday: ")
    assert f", {words} your usual 31\u00a0%." in verdict(report)
    assert tone(report) == feeling


@pytest.mark.parametrize("answered", [8, 10, 13, 16, 18])
def test_verdict__what_chance_explains_is_a_normal_day(answered: int) -> None:
    assert verdict(with_answers(answered)).startswith("A normal Tuesday: ")


def test_verdict__volume_outside_nine_of_ten_days_is_busy_or_quiet() -> None:
    quiet = replace(with_answers(4, sent=12), contacted=Count(12, Baseline(40, 30, 50)))
    assert verdict(quiet).startswith("A quiet Tuesday: 12 people contacted")
    assert verdict(quiet).endswith("you usually reach 30 to 50.")
    busy = replace(with_answers(13), contacted=Count(60, Baseline(40, 30, 50)))
    assert verdict(busy).startswith("A busy Tuesday: 60 people contacted")


def test_verdict__first_days_are_too_early_to_compare() -> None:
    assert verdict(first_day()) == (
        "Tuesday: 10 people contacted, 1 reply and no meetings booked — too early to compare."
    )


def test_verdict__few_touches_are_not_compared() -> None:
    assert verdict(with_answers(3, sent=9)).endswith("too few to compare.")


def test_verdict__nothing_sent_names_the_most_common_refusal_in_words() -> None:
    assert verdict(nothing_sent()) == (
        "Nobody was contacted this Tuesday: for 96 of 143 due the sender is not fully set up."
    )
    [alarm] = alarms(nothing_sent())
    assert alarm.fault
    assert alarm.words.startswith("No touches were sent today: ")
    assert "Complete the sender in the settings" in alarm.words


def test_verdict__nothing_due_is_an_alarm_and_a_day_off_is_not() -> None:
    empty = bare(channels=(ChannelDay("email", {"planned": Count(0), "sent": Count(0)}),))
    assert "the pool of leads is empty or the morning plan did not run" in verdict(empty)
    assert tone(empty) == "alarm"
    off = replace(empty, day_off="Thanksgiving")
    assert verdict(off) == "A day off (Thanksgiving): nothing was sent, as planned."
    assert tone(off) == "normal"


def test_verdict__due_but_no_reason_on_record_is_a_fault() -> None:
    report = bare(channels=(ChannelDay("email", {"planned": Count(7), "sent": Count(0)}),))
    assert "7 touches were due and no reason is on record, which is a fault" in verdict(report)


@pytest.mark.parametrize("day_off", ["", "Thanksgiving"])
def test_verdict__figures_that_cannot_be_read_are_never_a_quiet_day(day_off: str) -> None:
    gap = (Missing("today's funnel", "The database did not answer in time."),)
    report = bare(missing=gap, day_off=day_off)
    assert verdict(report).startswith("Tuesday's figures could not be counted: this is a fault")
    assert tone(report) == "alarm"
    assert "Could not be read: today's funnel" in alarms(report)[0].words


def test_verdict__report_without_any_figures_is_an_alarm() -> None:
    assert "could not be counted" in verdict(bare())
    assert [alarm.words for alarm in alarms(bare())] == [
        "No figures arrived for today. This is a fault, not a zero."
    ]


def test_verdict__not_live_says_what_was_planned() -> None:
    planned = ChannelDay("email", {"planned": Count(96), "sent": Count(0)})
    assert verdict(bare(live=False, channels=(planned,))) == (
        "Sending is off: 96 touches were planned for today, and none is sent until you turn sending on."
    )
    half = ChannelDay("email", {"planned": Count(96), "sent": Count(18)})
    assert verdict(bare(live=False, channels=(half,))) == (
        "Sending is turned off: 18 touches went out before that."
    )


def test_verdict__kill_switch_comes_first() -> None:
    half = ChannelDay("email", {"planned": Count(96), "sent": Count(1)})
    assert verdict(bare(kill_switch=True, live=False, channels=(half,))) == (
        "The kill switch is on: nothing goes out until you lift it, and 1 touch went out before that."
    )
    assert verdict(bare(kill_switch=True)).endswith("what went out before that could not be counted.")
    assert tone(bare(kill_switch=True)) == "alarm"


def test_verdict__interim_says_so_far() -> None:
    assert verdict(replace(with_answers(13), interim=True)).startswith("Tuesday so far: ")


@pytest.mark.parametrize(
    "problem",
    [
        {"failed_stages": (FailedStage("ab_test_manager", NOW, "Tests were not refreshed."),)},
        {"incidents": (Incident("The call provider does not answer.", NOW),)},
        {"missing": (Missing("the money", "The provider did not say."),)},
    ],
)
def test_verdict__day_with_a_failure_is_not_called_normal(problem: dict[str, object]) -> None:
    report = replace(with_answers(13), **problem)  # type: ignore[arg-type]
    assert verdict(report).startswith("A Tuesday with a problem: ")
    assert tone(report) == "alarm"


def test_verdict__mended_failure_leaves_the_day_normal() -> None:
    mended = FailedStage("mid_day_analyzer", at(14), "It ran again.", repaired=True)
    assert verdict(replace(with_answers(13), failed_stages=(mended,))).startswith("A normal Tuesday")


def test_alarms__a_channel_that_sends_and_hears_nothing() -> None:
    mute = ChannelDay("email", {"planned": Count(40), "sent": Count(40), "delivered": Count(0)})
    [alarm] = alarms(bare(channels=(mute,)))
    assert alarm.words.startswith("40 emails went out and no result came back")
    heard = replace(mute, outcomes=(("bounced", 1),))
    assert not alarms(bare(channels=(heard,)))


def test_line__crossed_only_when_the_interval_is_below_it() -> None:
    line = Line("Answer rate", "answered", "sent", 0.20, "review the script")
    states = {hits: line_check(with_answers(hits), line).state for hits in (1, 5, 13)}
    assert states == {1: "crossed", 5: "unclear", 13: "held"}
    assert line_check(bare(), line).state == "no data"
    assert line_check(bare(), line).share is None


@pytest.mark.parametrize(
    ("hits", "tries", "low", "high"),
    [
        (0, 9, 0.0, 0.299145),
        (1, 30, 0.005909, 0.166704),
        (10, 50, 0.112438, 0.330371),
        (41, 41, 0.914332, 1.0),
    ],
)
def test_wilson__agrees_with_reference_values(hits: int, tries: int, low: float, high: float) -> None:
    assert wilson(hits, tries) == pytest.approx((low, high), abs=1e-6)


@pytest.mark.parametrize(("tries", "rate"), [(31, 0.31), (60, 0.10), (60, 0.034), (200, 0.2)])
def test_side__false_alarms_stay_near_one_a_quarter(tries: int, rate: float) -> None:
    base = 28 * tries
    wrong = sum(
        comb(tries, hits) * rate**hits * (1 - rate) ** (tries - hits)
        for hits in range(tries + 1)
        if side(hits, tries, round(base * rate), base) != "usual"
    )
    assert wrong < 1.5 / WORKING_DAYS_A_QUARTER


def test_side__sees_a_halved_rate_at_a_busy_desk() -> None:
    assert side(31, 200, 1736, 5600) == "below"
    assert side(100, 200, 1736, 5600) == "above"
    assert side(0, 0, 10, 40) == "usual"


def test_baseline__needs_ten_days_and_holds_nine_of_ten() -> None:
    assert baseline([40] * 9) is None
    usual = baseline([99, *range(1, 29)])
    assert usual is not None
    assert (usual.mean, usual.days) == (14.5, 28)
    assert sum(usual.low <= day <= usual.high for day in range(1, 29)) in {24, 25, 26}


def test_baseline__zero_every_day_is_known_to_be_zero() -> None:
    assert baseline([0] * 12) == Baseline(0, 0, 0, 12)


numbers = st.integers(-3, 10**7)
sizes = st.floats(-5, 1e7)
counts = st.builds(Count, numbers, st.none() | st.builds(Baseline, sizes, sizes, sizes, st.integers(0, 28)))
days = st.builds(
    ChannelDay,
    st.sampled_from(sorted(NOUNS)),
    st.dictionaries(st.sampled_from(sorted(CALLS.counts)), counts),
    st.lists(st.tuples(st.text(max_size=8), numbers), max_size=3).map(tuple),
)
instants = st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
words = st.text(max_size=30)
reports = st.builds(
    EveningReport,
    day=st.dates(date(2020, 1, 1), date(2040, 1, 1)),
    business=words,
    zone=st.just("America/Denver"),
    counted_at=instants,
    live=st.booleans(),
    kill_switch=st.booleans(),
    interim=st.booleans(),
    day_off=st.just("") | words,
    contacted=counts,
    channels=st.lists(days, max_size=3, unique_by=lambda day: day.channel).map(tuple),
    not_contacted=st.lists(
        st.builds(NotContacted, st.sampled_from(sorted(REFUSALS)) | words, numbers), max_size=4
    ).map(tuple),
    failed_stages=st.lists(st.builds(FailedStage, words, instants, words, st.booleans()), max_size=2).map(
        tuple
    ),
    missing=st.lists(st.builds(Missing, words, words), max_size=2).map(tuple),
    yesterday=st.lists(st.builds(FinalFigure, words, numbers, st.booleans()), max_size=2).map(tuple),
    week=st.lists(st.builds(WeekDay, st.dates(), numbers, numbers, numbers, numbers), max_size=7).map(tuple),
)


@settings(deadline=None, max_examples=300)
@given(reports)
def test_verdict__never_raises_and_never_hides_a_fault(report: EveningReport) -> None:
    sentence = verdict(report)
    assert sentence.endswith(".")
    assert len(sentence) > 20
    if any(alarm.fault for alarm in alarms(report)):
        assert tone(report) == "alarm"
        assert not sentence.startswith(("A normal", "A good", "A busy", "A quiet"))


def test_sample__is_a_normal_day_with_something_to_look_at() -> None:
    assert verdict(sample_report()).startswith("A normal Tuesday: 97 people contacted")
    assert tone(sample_report()) == "warn"
