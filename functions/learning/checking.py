"""Whether a proposal may be tried: its figures hold, it changes one lever, it says nothing that it may not.

Everything here is decided by code from the change itself. What an analyst says of its own proposal can only
make the answer stricter.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date, timedelta
from typing import Any

import yaml

from functions.learning.levers import LEVERS, WINDOW_DAYS, proposal
from functions.learning.proposals import Lesson, Proposal
from shared.directives.book import Book
from shared.directives.files import content_hash
from shared.directives.models import CallScript, EmailScript, Playbook, SmsScript
from shared.errors import DirectiveError, EvidenceError
from shared.evidence import Evidence
from shared.frontmatter import split
from shared.state.hypotheses import Author, Cited
from shared.state.measures import Figure
from shared.stats import MAX_DAYS

Ask = Callable[[str], list[Figure]]
"""Runs an evidence id again."""

_ADDRESS = re.compile(
    r"https?:|www\.|\S@\S|\b[\w-]+\.(?:com|net|org|io|co|biz|info|app|dev)\b|\+?\d[\d ().-]{6,}\d",
    re.IGNORECASE,
)
_CLAIM = re.compile(
    r"\d+(?:[.,]\d+)*%?|[$€£]|\b(?:guarantee\w*|free|best|cheap\w*|certified|award\w*|save[sd]?|saving\w*|refund\w*|"
    r"trial|discount\w*|proven|trusted|leading|only|never|always|customers?|clients?|insured|licensed|"
    r"government|official|urgent|last chance|limited)\b",
    re.IGNORECASE,
)
_TAG = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)


class Unfit(Exception):
    """This proposal may not be tried; the message says why."""


def checked(
    book: Book,
    given: Proposal,
    ask: Ask,
    *,
    author: Author,
    week: date,
    approved: frozenset[str] = frozenset(),
) -> dict[str, Any] | None:
    """The row to keep, with its `objection` where it may not be tried; None for a key that does not exist.

    `approved` are hashes of texts that the owner has allowed as they stand.
    """
    if given.directive not in book.versions:
        return None
    row = _row(book, given, author, week)
    try:
        if not given.lift_low <= given.lift <= given.lift_high:
            raise Unfit("its prediction does not lie in its own interval")
        verify(given.evidence, ask)
        old, new = _texts(book, given)
        _say_nothing_forbidden(old, new)
        made = proposal(
            book,
            lever=given.lever,
            key=given.directive,
            text=with_change(book, given),
            metric=given.metric,
            claim=given.claim,
            expected_lift=given.lift,
            proposed_by="loop",
        )
    except (Unfit, DirectiveError) as refusal:
        return row | {"objection": str(refusal)[:500]}
    known = _said_now(book) if content_hash(new) not in approved else None
    new_claim = known is not None and (given.new_claim or bool(new_claims(new, known)))
    return row | {
        "proposal": made,
        "channel": made["channel"],
        "approver": "owner" if new_claim else "loop",
        "objection": None,
    }


def verify(evidence: Iterable[Cited], ask: Ask) -> None:
    """Raises `Unfit` unless every figure is what the figures say now."""
    found = list(evidence)
    if not found:
        raise Unfit("it cites no figure")
    for cited in found:
        try:
            Evidence.parse(cited.id)
            figures = {figure.level: figure for figure in ask(cited.id)}
        except EvidenceError as error:
            raise Unfit(f"cites no figure: {error}") from None
        figure = figures.get(cited.level)
        if figure is None:
            raise Unfit(f"cites a level that {cited.id} does not have")
        if (figure.n, figure.k) != (cited.n, cited.k):
            raise Unfit(f"cites {cited.k} of {cited.n} where {cited.id} gives {figure.k} of {figure.n}")


def lesson_row(given: Lesson, ask: Ask, *, author: Author, week: date) -> dict[str, Any] | None:
    """A learning to keep; None where its figures do not hold, or its words hold an address."""
    try:
        verify(given.evidence, ask)
    except Unfit:
        return None
    if _ADDRESS.search(f"{given.title} {given.told}"):
        return None
    return {
        "key": f"week:{week.isoformat()}:{_digest(given.title)[:16]}",
        "kind": "learning",
        "title": given.title,
        "told": given.told,
        "evidence": [each.model_dump(mode="json") for each in given.evidence],
        "source": author,
    }


def fingerprint(given: Proposal) -> str:
    """The same for the same change of the same thing, however it is spelled or argued."""
    words = " ".join(re.findall(r"\w+", given.text.casefold()))
    steps = ";".join(f"{s.step},{s.day},{s.hour}" for s in sorted(given.steps, key=lambda each: each.step))
    return _digest("|".join((given.lever, given.directive, words, steps)))


def with_change(book: Book, given: Proposal) -> str:
    """The whole page with this one change. Raises `Unfit` where the page has no such field."""
    data, body = split(book.version(given.directive).text, file=given.directive)
    page = book.playbooks.get(given.directive) or book.scripts.get(given.directive)
    if not isinstance(page, LEVERS[given.lever].model):
        raise Unfit(f"{given.lever} is nothing that {given.directive} has")
    if isinstance(page, Playbook):
        data["steps"] = [_step(step, given) for step in data["steps"]]
    elif (field := _field(given.lever)) == "body":
        body = given.text.strip() + "\n"
    else:
        data[field] = given.text.strip()
    front = yaml.safe_dump(data, sort_keys=False, allow_unicode=True, width=1_000)
    return f"---\n{front}---\n{body}"


def new_claims(new: str, known: str) -> frozenset[str]:
    """Figures and promises of a text that nothing we say now makes. The owner answers for those."""
    said = {found.casefold() for found in _CLAIM.findall(_TAG.sub("", known))}
    return frozenset(found.casefold() for found in _CLAIM.findall(_TAG.sub("", new))) - said


def _row(book: Book, given: Proposal, author: Author, week: date) -> dict[str, Any]:
    window = WINDOW_DAYS[given.metric]
    return {
        "fingerprint": fingerprint(given),
        "week": week.isoformat(),
        "proposed_by": author,
        "claim": given.claim,
        "why": given.why,
        "test_plan": given.test_plan,
        "lever": given.lever,
        "directive_key": given.directive,
        "base_hash": book.version(given.directive).content_hash,
        "metric": given.metric,
        "channel": LEVERS[given.lever].channel,
        "evidence": [each.model_dump(mode="json") for each in given.evidence],
        "proposal": {},
        "probability": given.probability,
        "lift": given.lift,
        "lift_low": min(given.lift_low, given.lift),
        "lift_high": max(given.lift_high, given.lift),
        "due_on": (week + timedelta(days=MAX_DAYS[-1] + window + 7)).isoformat(),
        "cost_usd": 0,  # a test moves touches that go out anyway
        "approver": "owner",
    }


def _field(lever: str) -> str:
    (field,) = LEVERS[lever].fields
    return field


def _step(step: dict[str, Any], given: Proposal) -> dict[str, Any]:
    change = next((each for each in given.steps if each.step == step["step"]), None)
    if change is None:
        return step
    day = {} if change.day is None or given.lever != "step_spacing" else {"day": change.day}
    hour = {} if change.hour is None or given.lever != "call_hour" else {"hour": change.hour}
    if given.lever == "call_hour" and step["channel"] != "call":
        raise Unfit("gives an hour to a step that is no call")
    return step | day | hour


def _texts(book: Book, given: Proposal) -> tuple[str, str]:
    """The text as it stands and as it would be; empty for a sequence."""
    page = book.scripts.get(given.directive)
    if page is None:
        return "", ""
    return str(getattr(page, _field(given.lever), "")), given.text


def _say_nothing_forbidden(old: str, new: str) -> None:
    found = {each for each in _ADDRESS.findall(_TAG.sub("", new)) if each not in old}
    if found:
        raise Unfit("names an address or a number that the text does not have now")


def _said_now(book: Book) -> str:
    said = []
    for script in book.scripts.values():
        if isinstance(script, CallScript):
            said += [script.opener, script.voicemail, script.body]
        elif isinstance(script, EmailScript):
            said += [script.subject, script.body]
        elif isinstance(script, SmsScript):
            said.append(script.body)
    return "\n".join(said)


def texts_of(book: Book) -> Iterable[Mapping[str, str]]:
    """What may be changed, as it stands, by key and lever."""
    for lever, kind in LEVERS.items():
        for key, script in book.scripts.items():
            if isinstance(script, kind.model) and lever != "call_script":
                yield {"directive": key, "lever": lever, "text": str(getattr(script, _field(lever)))}


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
