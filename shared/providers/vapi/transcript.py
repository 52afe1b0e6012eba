"""The words of a finished call as turns, from Vapi's timed messages, else from its plain transcript."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from shared.call_review import CallReview, Speaker, Turn, review
from shared.providers.signing import as_dict, as_list, as_number, as_text

_ROLES: Final[Mapping[str, Speaker]] = {"bot": "us", "assistant": "us", "user": "them"}
_LINES: Final[Mapping[str, Speaker]] = {"AI:": "us", "User:": "them"}
MOST_TURNS: Final = 400


def turns_of(report: Mapping[str, Any]) -> tuple[Turn, ...]:
    """What was said, in order; of one speaker's messages in a row each is a turn."""
    artifact = as_dict(report.get("artifact"))
    messages = as_list(artifact.get("messages")) or as_list(report.get("messages"))
    found = tuple(_timed(messages)) if messages else tuple(_plain(artifact, report))
    return found[:MOST_TURNS]


def review_of(
    body: Mapping[str, Any], *, disposition: str | None, duration_s: float | None
) -> CallReview | None:
    """The review of the call that the body of a report tells of; None without a talk between two."""
    if disposition in (None, "voicemail"):
        return None
    turns = turns_of(as_dict(body.get("message")))
    return review(turns, duration_s=duration_s, disposition=disposition)


def _timed(messages: list[Any]) -> Iterator[Turn]:
    for each in (as_dict(message) for message in messages):
        speaker, words = _ROLES.get(str(each.get("role"))), as_text(each.get("message"))
        if speaker is not None and words and words.strip():
            lasts = as_number(each.get("duration"))
            yield Turn(
                speaker, words, as_number(each.get("secondsFromStart")), lasts / 1000 if lasts else None
            )


def _plain(artifact: Mapping[str, Any], report: Mapping[str, Any]) -> Iterator[Turn]:
    text = as_text(artifact.get("transcript")) or as_text(report.get("transcript")) or ""
    for line in text.split("\n"):
        for mark, speaker in _LINES.items():
            if line.strip().startswith(mark) and (words := line.strip().removeprefix(mark).strip()):
                yield Turn(speaker, words)
