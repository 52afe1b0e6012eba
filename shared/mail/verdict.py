"""The day in one sentence, and what needs the owner: pure decisions over an `EveningReport`.

"Better" and "worse" are said only when chance is a poor explanation. One rate a day is compared, chosen
beforehand (answers per call; replies per email where no calls went out), with Newcombe's interval for the
difference of two proportions, wide enough to be wrong about once a quarter. The day's volume is called busy
or quiet outside the range that holds nine of ten ordinary days. Not promised: that days are independent.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist
from typing import Literal

from shared.mail.evening import ChannelDay, Count, EveningReport, FailedStage, Line, NotContacted, Stage
from shared.mail.words import counted, joined, percent, refusal
from shared.providers.channel import ChannelName

Tone = Literal["good", "normal", "warn", "alarm"]
Side = Literal["above", "below", "usual"]

WORKING_DAYS_A_QUARTER = 63
Z_ONCE_A_QUARTER = NormalDist().inv_cdf(1 - 1 / WORKING_DAYS_A_QUARTER / 2)
Z_95 = NormalDist().inv_cdf(0.975)
FEWEST_TO_COMPARE = 10
FEWEST_TO_MISS_REPORTS = 10

NOUNS: dict[ChannelName, tuple[str, str]] = {
    "call": ("call", "calls"),
    "email": ("email", "emails"),
    "sms": ("text", "texts"),
}
Test = Callable[[EveningReport], bool]


@dataclass(frozen=True)
class Comparison:
    """One of today's rates against an ordinary day's."""

    name: str
    rate: float
    usual: float
    side: Side


@dataclass(frozen=True)
class Alarm:
    """Something the owner should know first. A `fault` is broken now; the rest asks for attention."""

    words: str
    fault: bool = True


@dataclass(frozen=True)
class LineCheck:
    """One of the owner's lines: the share, out of how many, and what can be said about it."""

    line: Line
    share: float | None
    out_of: int
    state: Literal["crossed", "held", "unclear", "no data"]


def wilson(successes: int, trials: int, z: float = Z_95) -> tuple[float, float]:
    """Wilson's interval for a share; (0, 1) without trials."""
    if trials <= 0:
        return 0.0, 1.0
    share = min(max(successes / trials, 0.0), 1.0)
    scale = 1 + z * z / trials
    centre = share + z * z / (2 * trials)
    spread = z * sqrt(share * (1 - share) / trials + z * z / (4 * trials * trials))
    return max(0.0, (centre - spread) / scale), min(1.0, (centre + spread) / scale)


def side(successes: int, trials: int, base_successes: int, base_trials: int) -> Side:
    """Is today's share above or below the earlier one by more than chance would explain?"""
    if trials <= 0 or base_trials <= 0:
        return "usual"
    ours, usual = min(successes / trials, 1.0), min(base_successes / base_trials, 1.0)
    low, high = wilson(successes, trials, Z_ONCE_A_QUARTER)
    base_low, base_high = wilson(base_successes, base_trials, Z_ONCE_A_QUARTER)
    difference = ours - usual
    if difference - sqrt((ours - low) ** 2 + (base_high - usual) ** 2) > 0:
        return "above"
    if difference + sqrt((high - ours) ** 2 + (usual - base_low) ** 2) < 0:
        return "below"
    return "usual"


def beside(count: Count) -> Side:
    """Is today's figure outside the range that holds nine of ten ordinary days?"""
    usual = count.baseline
    if usual is None or usual.low <= count.today <= usual.high:
        return "usual"
    return "above" if count.today > usual.high else "below"


def compare(report: EveningReport) -> Comparison | None:
    """The one rate the verdict speaks of; None when it is too early or too little to compare."""
    calls, emails = report.channel("call"), report.channel("email")
    if calls.today("sent"):
        return _compared("answers", calls, "answered")
    return _compared("replies", emails, "replied")


def _compared(name: str, day: ChannelDay, part: Stage) -> Comparison | None:
    hits, tries = day.counts.get(part), day.counts.get("sent")
    if not hits or not tries or hits.baseline is None or tries.baseline is None:
        return None
    if tries.today < FEWEST_TO_COMPARE or tries.baseline.mean <= 0:
        return None
    base_hits = round(hits.baseline.mean * hits.baseline.days)
    base_tries = round(tries.baseline.mean * tries.baseline.days)
    usual = min(hits.baseline.mean / tries.baseline.mean, 1.0)
    share = min(hits.today / tries.today, 1.0)
    return Comparison(name, share, usual, side(hits.today, tries.today, base_hits, base_tries))


def line_check(report: EveningReport, line: Line) -> LineCheck:
    """A line counts as crossed only when the whole 95 % interval of today's share lies below it."""
    calls = report.channel("call")
    trials, hits = calls.today(line.whole), calls.today(line.part)
    if trials <= 0 or line.part not in calls.counts:
        return LineCheck(line, None, 0, "no data")
    share = min(hits / trials, 1.0)
    if share >= line.floor:
        return LineCheck(line, share, trials, "held")
    crossed = wilson(hits, trials)[1] < line.floor
    return LineCheck(line, share, trials, "crossed" if crossed else "unclear")


def main_refusal(report: EveningReport) -> NotContacted | None:
    """The most common reason why due touches did not go out."""
    reasons = [reason for reason in report.not_contacted if reason.count > 0]
    return max(reasons, key=lambda reason: reason.count, default=None)


def nothing_sent(report: EveningReport) -> bool:
    """True when no channel sent anything, whatever the reason."""
    return report.total("sent") <= 0


def alarms(report: EveningReport) -> tuple[Alarm, ...]:
    """What is wrong or asks for attention, worst first. Zero where something was due is an alarm."""
    found = [
        *(Alarm(f"Could not be read: {gap.part}. {gap.why}") for gap in report.missing),
        *_silence(report),
        *(Alarm(_failure(stage)) for stage in report.failed_stages if not stage.repaired),
        *(Alarm(incident.words) for incident in report.incidents if incident.open),
        *(Alarm(f"{test.name}: {test.words}", fault=False) for test in report.tests if test.alert),
        *_parked(report),
        *_crossed(report),
    ]
    return tuple(sorted(found, key=lambda alarm: not alarm.fault))


def _silence(report: EveningReport) -> list[Alarm]:
    if uncounted(report):
        return [] if report.missing else [Alarm("No figures arrived for today. This is a fault, not a zero.")]
    if report.day_off or report.kill_switch or not report.live:
        return []
    if nothing_sent(report):
        top = main_refusal(report)
        action = f" {refusal(top.code).action}" if top else ""
        return [Alarm(f"No touches were sent today: {why_nothing(report)}.{action}".strip())]
    return [alarm for day in report.channels for alarm in _silent_channel(day)]


def _silent_channel(day: ChannelDay) -> list[Alarm]:
    sent, heard = day.today("sent"), sum(day.today(stage) for stage in ("delivered", "answered", "bounced"))
    ended = sum(count for code, count in day.outcomes if code != "sent")
    if sent < FEWEST_TO_MISS_REPORTS or heard or ended:
        return []
    nouns = counted(sent, *NOUNS[day.channel])
    return [Alarm(f"{nouns} went out and no result came back: the provider's reports may not arrive here.")]


def _failure(stage: FailedStage) -> str:
    return f"Stage {stage.stage} failed. {stage.words}".strip()


def _parked(report: EveningReport) -> list[Alarm]:
    parked = sum(touch.parked for touch in report.unsettled)
    words = counted(parked, "touch is parked and waits", "touches are parked and wait")
    return [Alarm(f"{words} for a person to settle it, below.", fault=False)] if parked else []


def _crossed(report: EveningReport) -> list[Alarm]:
    checks = [line_check(report, line) for line in report.lines]
    return [
        Alarm(
            f"{check.line.name} {percent(check.share or 0)} is below your line of "
            f"{percent(check.line.floor)}: {check.line.action}.",
            fault=False,
        )
        for check in checks
        if check.state == "crossed"
    ]


def why_nothing(report: EveningReport) -> str:
    """Why nothing went out, as the end of a sentence."""
    planned, top = report.total("planned"), main_refusal(report)
    if top:
        most = f"for {top.count:,} of {planned:,} due " if planned >= top.count else ""
        return f"{most}{refusal(top.code).words}"
    if planned > 0:
        due = counted(planned, "touch was", "touches were")
        return f"{due} due and no reason is on record, which is a fault"
    return "nothing was due, so the pool of leads is empty or the morning plan did not run"


def tone(report: EveningReport) -> Tone:
    """How the mail should feel: what the verdict's colour follows."""
    found = alarms(report)
    if any(alarm.fault for alarm in found):
        return "alarm"
    if found or report.kill_switch or not report.live or _worse(report):
        return "warn"
    return "good" if _better(report) else "normal"


def _better(report: EveningReport) -> bool:
    compared = compare(report)
    return compared is not None and compared.side == "above"


def _worse(report: EveningReport) -> bool:
    compared = compare(report)
    return compared is not None and compared.side == "below"


def verdict(report: EveningReport) -> str:
    """The day in one sentence, in plain words. Never raises; never calls a failure a quiet day."""
    for test, words in _VERDICTS:
        if test(report):
            return words(report)
    return _ordinary(report)


def _day(report: EveningReport) -> str:
    return report.day.strftime("%A")


def _before(report: EveningReport) -> str:
    sent = report.total("sent")
    if uncounted(report):
        return "what went out before that could not be counted"
    if sent <= 0:
        return "nothing was sent today"
    return f"{counted(sent, 'touch', 'touches')} went out before that"


def uncounted(report: EveningReport) -> bool:
    """True when today's figures are not there at all, which is a fault whatever the switches say."""
    return not report.channels and (bool(report.missing) or not report.day_off)


def _unreadable(report: EveningReport) -> str:
    return f"{_day(report)}'s figures could not be counted: this is a fault in the loop, not a quiet day."


def _stopped(report: EveningReport) -> str:
    return f"The kill switch is on: nothing goes out until you lift it, and {_before(report)}."


def _not_live(report: EveningReport) -> str:
    planned = report.total("planned")
    if report.total("sent") > 0:
        return f"Sending is turned off: {_before(report)}."
    due = "nothing was due" if planned <= 0 else f"{counted(planned, 'touch was', 'touches were')} planned"
    return f"Sending is off: {due} for today, and none is sent until you turn sending on."


def _off(report: EveningReport) -> str:
    return f"A day off ({report.day_off}): nothing was sent, as planned."


def _nothing(report: EveningReport) -> str:
    return f"Nobody was contacted this {_day(report)}: {why_nothing(report)}."


_VERDICTS: tuple[tuple[Test, Callable[[EveningReport], str]], ...] = (
    (lambda report: report.kill_switch, _stopped),
    (uncounted, _unreadable),
    (lambda report: not report.live, _not_live),
    (lambda report: bool(report.day_off) and nothing_sent(report), _off),
    (nothing_sent, _nothing),
)


def _ordinary(report: EveningReport) -> str:
    return f"{_opening(report)}: {joined(_facts(report))} — {_comparison(report)}."


def _opening(report: EveningReport) -> str:
    day = _day(report)
    if any(alarm.fault for alarm in alarms(report)):
        return f"{day} so far, with a problem" if report.interim else f"A {day} with a problem"
    if report.interim:
        return f"{day} so far"
    if report.contacted.baseline is None and compare(report) is None:
        return day
    return f"A {_kind(report)} {day}"


def _kind(report: EveningReport) -> str:
    if _better(report):
        return "good"
    if _worse(report):
        return "weak"
    return {"above": "busy", "below": "quiet", "usual": "normal"}[beside(report.contacted)]


def _facts(report: EveningReport) -> list[str]:
    contacted = report.contacted.today
    facts = [counted(contacted, "person contacted", "people contacted")]
    if contacted <= 0:
        facts = [counted(report.total("sent"), "touch sent", "touches sent")]
    if report.channel("call").today("sent") > 0:
        facts.append(counted(report.total("conversation"), "conversation"))
    else:
        facts.append(counted(report.total("replied"), "reply", "replies"))
    facts.append(f"{counted(report.total('booked'), 'meeting')} booked")
    return facts


def _comparison(report: EveningReport) -> str:
    compared, volume = compare(report), beside(report.contacted)
    if compared and compared.side != "usual":
        return _rated(compared, compared.side)
    usual = report.contacted.baseline
    if usual and volume != "usual":
        return f"you usually reach {usual.low:,.0f} to {usual.high:,.0f}"
    if compared:
        return _rated(compared, "close to")
    return "too few to compare" if usual else "too early to compare"


def _rated(compared: Comparison, place: str) -> str:
    return f"{compared.name} at {percent(compared.rate)}, {place} your usual {percent(compared.usual)}"
