"""What a finished call was like: who talked, what stood in the way, whether we said who we are. Pure.

By rules alone, from the words with their times, so that the same transcript always gives the same figures.
They are diagnostics: no test is decided by them (a call can be fine and lead nowhere). What people said is
data; it is matched against patterns, cut short, and never followed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, get_args

from shared.inbound import is_opt_out

Speaker = Literal["us", "them"]
Objection = Literal[
    "who_is_this",
    "wrong_person",
    "has_a_provider",
    "price",
    "no_time",
    "not_now",
    "send_info",
    "no_need",
    "not_interested",
]
OBJECTIONS: tuple[Objection, ...] = get_args(Objection)
LedTo = Literal["conversation", "booking"]

VERSION: Final = 1
LONGEST_WORDS: Final = 200
LONGEST_ANSWER: Final = 300
EARLY_HANGUP_S: Final = 10
CONVERSATION_S: Final = 30
STOP_WITHIN_S: Final = 10
MOST_OF_THE_TALK: Final = 0.65
"""Share of the talking from which we talk over people; good callers stay near a half."""

_PATTERNS: Final[Mapping[Objection, tuple[str, ...]]] = {
    "who_is_this": (
        r"who(?:'s| is) (?:this|calling)",
        r"(?:how|where) did you get (?:my|our|this)",
        r"is this (?:a )?(?:scam|robot|recording)",
    ),
    "wrong_person": (
        r"not the right person",
        r"(?:don'?t|do not) (?:handle|decide|do) (?:that|this)",
        r"\b(?:he|she|they)(?:'s|'re| is| are) (?:not (?:here|in)|out)\b",
        r"(?:speak|talk) (?:to|with) (?:my|the|our) (?:boss|owner|manager|husband|wife|partner)",
        r"sales calls",
    ),
    "has_a_provider": (
        r"already (?:have|use|using|work|got|covered)",
        r"we (?:have|use|work with) (?:a|an|some|somebody|someone|our own)\b",
        r"just signed|happy with|under contract",
        r"have (?:a )?(?:guy|vendor|provider|agency)",
    ),
    "price": (
        r"too (?:expensive|much)|can(?:no|')?t afford|no (?:budget|money)",
        r"(?:what|how much) (?:does|do|is|would|will) (?:it|this|that|you).{0,20}(?:cost|charge)",
        r"how much is|\bpric(?:e|es|ing)\b",
    ),
    "send_info": (
        r"(?:send|e-?mail|text|mail) (?:me|us|it|that|something)\b",
        r"put it in writing|an e-?mail\b",
    ),
    "no_time": (
        r"(?:i'?m|we'?re) (?:really |very |kind of |a bit )?(?:busy|driving|in a meeting)",
        r"with a (?:customer|client|patient)",
        r"no time|don'?t have (?:the )?time|in the middle of|catch me",
    ),
    "not_now": (
        r"not (?:right )?now|not a good time|(?:another|bad) time",
        r"(?:next|in a few|in \d+) (?:week|month|quarter|year)s?",
        r"call (?:me )?(?:back )?later|try (?:me|us) (?:again )?(?:later|after|next)",
    ),
    "no_need": (r"(?:all|we'?re) set\b", r"(?:don'?t|do not|no) need", r"not looking"),
    "not_interested": (r"not interested|no,? thank|no interest|\bpass on\b", r"think about it"),
}
"""The first that matches names the objection; the most telling stand first."""
_OBJECTIONS: Final = tuple(
    (kind, re.compile("|".join(patterns), re.IGNORECASE)) for kind, patterns in _PATTERNS.items()
)
_AI: Final = re.compile(r"\bA\.?I\b|artificial|automated|virtual (?:assistant|agent)", re.IGNORECASE)
_RECORDED: Final = re.compile(r"\brecord", re.IGNORECASE)


@dataclass(frozen=True)
class Turn:
    """What one side said in one go. Times are seconds from the start of the talk; None where not known."""

    speaker: Speaker
    words: str
    at_s: float | None = None
    lasts_s: float | None = None


@dataclass(frozen=True)
class Raised:
    """An objection in the person's own words, and what we answered; None where we said nothing after it."""

    kind: Objection
    words: str
    answer: str | None
    led_to: LedTo | None


@dataclass(frozen=True)
class CallReview:
    """The figures of one talk.

    `talk_share` is ours of all that was said, by time, else by words. `disclosed`: our opening said that an
    AI calls and that it may be recorded. `quality` is 100 less what `reasons` name.
    """

    talk_share: float | None
    disclosed: bool
    early_hangup: bool
    questions: int
    raised: tuple[Raised, ...]
    quality: int
    reasons: tuple[str, ...]


def review(turns: Sequence[Turn], *, duration_s: float | None, disposition: str | None) -> CallReview | None:
    """Judge a talk by what was said; None where one side said nothing: then there was no talk."""
    ours = [turn for turn in turns if turn.speaker == "us"]
    theirs = [turn for turn in turns if turn.speaker == "them"]
    if not ours or not theirs:
        return None
    share = _talk_share(turns)
    raised = tuple(_raised(turns, _led_to(disposition, duration_s)))
    # An opening that was interrupted is taken up again.
    opening = " ".join(turn.words for turn in ours[:2])
    disclosed = bool(_AI.search(opening) and _RECORDED.search(opening))
    early = disposition == "early_hangup" or (duration_s is not None and duration_s < EARLY_HANGUP_S)
    questions = sum(turn.words.count("?") for turn in ours)
    lost = dict(_lost(share, disclosed, early, questions, raised, (duration_s or 0) >= CONVERSATION_S))
    if (late := _late_end(turns, duration_s)) is not None:
        lost[f"went on for {late:.0f} s after a wish to stop"] = 30
    quality = max(0, 100 - sum(lost.values()))
    return CallReview(share, disclosed, early, questions, raised, quality, tuple(lost))


def objection_in(words: str) -> Objection | None:
    """What stands in the way, in somebody's words, or None; a wish to stop is no objection."""
    plain = " ".join(words.replace("’", "'").split())
    if is_opt_out(plain):
        return None
    return next((kind for kind, pattern in _OBJECTIONS if pattern.search(plain)), None)


def _lost(
    share: float | None, disclosed: bool, early: bool, questions: int, raised: Sequence[Raised], talked: bool
) -> Iterator[tuple[str, int]]:
    if not disclosed:
        yield "did not say that it is an AI and may be recorded", 40
    if early:
        yield "hung up on early", 30
    if talked and share is not None and share > MOST_OF_THE_TALK:
        yield f"talked {share:.0%} of the time", 15
    if talked and not questions:
        yield "asked nothing", 10
    unanswered = sum(each.answer is None for each in raised)
    if unanswered and not early:
        yield f"left {unanswered} objection{'s' if unanswered > 1 else ''} without an answer", 10


def _raised(turns: Sequence[Turn], led_to: LedTo | None) -> Iterator[Raised]:
    for at, turn in enumerate(turns):
        kind = objection_in(turn.words) if turn.speaker == "them" else None
        if kind is None:
            continue
        after = turns[at + 1] if at + 1 < len(turns) else None
        answer = after.words.strip()[:LONGEST_ANSWER] if after and after.speaker == "us" else None
        yield Raised(kind, turn.words.strip()[:LONGEST_WORDS], answer or None, led_to if answer else None)


def _led_to(disposition: str | None, duration_s: float | None) -> LedTo | None:
    if disposition == "meeting":
        return "booking"
    if disposition in ("callback", "send_email"):
        return "conversation"
    talked = disposition == "conversation" and (duration_s or 0) >= CONVERSATION_S
    return "conversation" if talked else None


def _talk_share(turns: Sequence[Turn]) -> float | None:
    timed = all(turn.lasts_s is not None for turn in turns)
    spent = {speaker: 0.0 for speaker in get_args(Speaker)}
    for turn in turns:
        spent[turn.speaker] += (turn.lasts_s or 0.0) if timed else len(turn.words.split())
    total = sum(spent.values())
    return round(spent["us"] / total, 3) if total > 0 else None


def _late_end(turns: Sequence[Turn], duration_s: float | None) -> float | None:
    """Seconds that the call went on after the first wish to stop, where they are too many."""
    asked = (turn for turn in turns if turn.speaker == "them" and is_opt_out(turn.words))
    stop = next((turn.at_s + (turn.lasts_s or 0.0) for turn in asked if turn.at_s is not None), None)
    late = duration_s - stop if stop is not None and duration_s is not None else 0.0
    return late if late > STOP_WITHIN_S else None
