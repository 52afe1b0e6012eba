"""Is a mailbox or number still welcome? Judged from what came back of its own sends. Pure.

A mailbox is judged by bounces and complaints against fixed lines, half of what its provider tolerates. A
number has no such line, since answer rates differ by trade and hour: it is judged against the other numbers
of the same pool, and only a difference that chance hardly explains counts.

A rest ends by itself: nothing goes out, the window moves on, and what it was judged by falls out of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import exp, lgamma, log, log1p
from typing import Literal

from shared.gate.rules import HealthRules, Tripwire

HealthWord = Literal["healthy", "watched", "quarantined"]


@dataclass(frozen=True)
class SenderRecord:
    """What came back of one sender's sends, each count within its rule's own days.

    `mails` and `bounced` belong together, and so do `mails_for_complaints` and `complained`; `calls` are
    those whose outcome is known, `answered` those that a person picked up.
    """

    sender_id: str
    channel: str
    health: HealthWord = "healthy"
    mails: int = 0
    bounced: int = 0
    mails_for_complaints: int = 0
    complained: int = 0
    calls: int = 0
    answered: int = 0


@dataclass(frozen=True)
class Verdict:
    """A sender's health, and in words what it rests on; empty words for a healthy one."""

    sender_id: str
    health: HealthWord
    why: str


def judge(records: Sequence[SenderRecord], rules: HealthRules) -> list[Verdict]:
    """The health of every sender, in the order given."""
    return [
        _mailbox(record, rules)
        if record.channel == "email"
        else _number(record, _others(record, records), rules)
        for record in records
    ]


def chance_of_so_few(answered: int, calls: int, share: float) -> float:
    """P(X <= answered) for X binomial with `calls` tries of probability `share` each."""
    if share <= 0 or answered >= calls:
        return 1.0
    if share >= 1:
        return 0.0
    return min(1.0, sum(exp(_log_binomial(k, calls, share)) for k in range(answered + 1)))


def _log_binomial(k: int, n: int, p: float) -> float:
    ways = lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1)
    return ways + k * log(p) + (n - k) * log1p(-p)


def _mailbox(record: SenderRecord, rules: HealthRules) -> Verdict:
    findings = (
        (rules.complaints, record.complained, record.mails_for_complaints, "were marked as spam"),
        (rules.bounces, record.bounced, record.mails, "bounced"),
    )
    word: HealthWord
    for level, word in (("stop", "quarantined"), ("watch", "watched")):
        for rule, bad, of, what in findings:
            if _crossed(getattr(rule, level), bad, of):
                return Verdict(
                    record.sender_id, word, f"{bad} of {of} emails in {rule.window_days} days {what}"
                )
    return Verdict(record.sender_id, "healthy", "")


def _crossed(line: Tripwire, bad: int, of: int) -> bool:
    """Both the share and the count: alone, a share stops a young mailbox for its very first bounce."""
    return bad >= line.least and of > 0 and bad / of >= line.share


def _others(record: SenderRecord, records: Iterable[SenderRecord]) -> list[SenderRecord]:
    """The rest of the pool. A number at rest is no measure for the others."""
    return [
        other
        for other in records
        if other.channel == record.channel
        and other.sender_id != record.sender_id
        and other.health != "quarantined"
    ]


def _number(record: SenderRecord, pool: Sequence[SenderRecord], rules: HealthRules) -> Verdict:
    calls, answered = sum(each.calls for each in pool), sum(each.answered for each in pool)
    least = rules.answers.least_calls
    if record.calls < least or calls < least:
        return Verdict(record.sender_id, "healthy", "")
    chance = chance_of_so_few(record.answered, record.calls, answered / calls)
    if chance >= rules.answers.chance:
        return Verdict(record.sender_id, "healthy", "")
    why = (
        f"{record.answered} of {record.calls} calls in {rules.answers.window_days} days were answered, "
        f"{answered} of {calls} from the other numbers"
    )
    return Verdict(record.sender_id, "quarantined", why)
