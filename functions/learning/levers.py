"""A proposal as a typed change to one known lever: what it may alter, where, and how it is judged. Pure.

Nothing else of a script or sequence may change with it, so that a verdict is about the lever and nothing
that law or the owner fixed can slip in.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any, Literal

from shared.directives.book import Book, parse
from shared.directives.files import content_hash, kind_of, normalised
from shared.directives.models import CallScript, EmailScript, Playbook, SmsScript
from shared.errors import DirectiveError
from shared.experiments import EVERYONE
from shared.providers.channel import ChannelName

Lever = Literal[
    "call_script",
    "opener",
    "voicemail",
    "email_subject",
    "email_body",
    "sms_text",
    "step_order",
    "step_spacing",
    "call_hour",
    "channel",
    "enrichment",
]


@dataclass(frozen=True)
class LeverKind:
    """What a lever alters: the kind of directive, its fields, and from where on a company has met it."""

    model: type[CallScript] | type[EmailScript] | type[SmsScript] | type[Playbook]
    fields: frozenset[str]
    counted_from: Literal["touch", "enrolment"]
    channel: ChannelName | None


def _touch(model: Any, field: str, channel: ChannelName) -> LeverKind:
    return LeverKind(model, frozenset({field}), "touch", channel)


def _sequence(*fields: str, channel: ChannelName | None = None) -> LeverKind:
    return LeverKind(Playbook, frozenset(fields), "enrolment", channel)


LEVERS: dict[str, LeverKind] = {
    "call_script": _touch(CallScript, "body", "call"),
    "opener": _touch(CallScript, "opener", "call"),
    "voicemail": _touch(CallScript, "voicemail", "call"),
    "email_subject": _touch(EmailScript, "subject", "email"),
    "email_body": _touch(EmailScript, "body", "email"),
    "sms_text": _touch(SmsScript, "body", "sms"),
    "step_order": _sequence("step", "channel", "day", "script"),
    "step_spacing": _sequence("day"),
    "call_hour": _sequence("hour", channel="call"),
    "channel": _sequence("channel", "script"),
}
# What is named as a lever and cannot be tested, with the reason. Nothing enriches leads in this release.
NOT_BUILT = {"enrichment": "there is no step of enrichment that could be turned on or off in this release"}
# Days in which a success of this kind comes, from the exposure on (base rates of outbound sales).
WINDOW_DAYS = {"answered": 0, "dm_contact": 3, "conversation": 3, "replied": 7, "positive": 7, "booked": 14}


def proposal(
    book: Book,
    *,
    lever: str,
    key: str,
    text: str,
    metric: str,
    claim: str,
    expected_lift: float,
    proposed_by: str,
) -> dict[str, Any]:
    """The row to queue. Raises DirectiveError with the reason when this is no change to this lever alone.

    The change is tried out in the whole book, so that what compliance forbids is refused here, not at a send.
    """
    if lever in NOT_BUILT:
        raise DirectiveError(f"{lever} cannot be tested: {NOT_BUILT[lever]}")
    if lever not in LEVERS:
        raise DirectiveError(f"{lever!r} is no lever that can be tested: {', '.join(LEVERS)}")
    if metric not in WINDOW_DAYS:
        raise DirectiveError(f"{metric!r} is no metric of a test: {', '.join(WINDOW_DAYS)}")
    if expected_lift <= 0:
        raise DirectiveError("the expected lift must be above 0: a test looks for a gain")
    kind, new = LEVERS[lever], normalised(text)
    altered = changed_fields(key, book.version(key).text, new)
    if not altered or not altered <= kind.fields or not isinstance(parse(key, new), kind.model):
        what = ", ".join(sorted(altered)) or "nothing"
        raise DirectiveError(f"{key}.md: {lever} may change {', '.join(sorted(kind.fields))}, not {what}")
    book.replaced(key, new, author="loop")
    hashed = content_hash(new)
    name = f"{key} {lever} {metric} {hashed[:12]}"
    return {
        "name": name,
        "claim": claim,
        "lever": lever,
        "directive_key": key,
        "counted_from": kind.counted_from,
        "metric": metric,
        "channel": None if metric == "booked" else kind.channel,
        "population": EVERYONE,
        "salt": hashlib.sha256(name.encode()).hexdigest()[:16],
        "expected_lift": expected_lift,
        "window_days": WINDOW_DAYS[metric],
        "proposed_by": proposed_by,
        "kind": kind_of(key),
        "text": new,
        "content_hash": hashed,
    }


def changed_fields(key: str, old: str, new: str) -> frozenset[str]:
    """Which fields differ: of a script its own, of a playbook those of its steps."""
    before, after = parse(key, old), parse(key, new)
    if isinstance(before, Playbook) and isinstance(after, Playbook):
        return _changed_steps(before, after)
    if before is None or after is None or type(before) is not type(after):
        return frozenset({"kind"})
    return _differing(before.model_dump(), after.model_dump())


def _changed_steps(before: Playbook, after: Playbook) -> frozenset[str]:
    if len(before.steps) != len(after.steps):
        return frozenset({"steps"})
    found = _differing({"title": before.title}, {"title": after.title})
    for old, new in zip(before.steps, after.steps, strict=True):
        found |= _differing(old.model_dump(), new.model_dump())
    return found


def _differing(before: dict[str, Any], after: dict[str, Any]) -> frozenset[str]:
    return frozenset(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))
