"""What can be seen in words, for any words: variants are written long after the world was.

Each feature is a pure function of what a person hears or reads, and of who they are. A world plants
effects on features, never on a script's name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from simulator.world.people import Person

SHORT_OPENER_WORDS = 12
SHORT_SUBJECT_WORDS = 5
SHORT_TEXT_WORDS = 90

# What the law makes every call begin with, so it tells one opener from another as little as a greeting does.
_SAID_BY_ALL = re.compile(r"\bAI assistant\b|\brecorded\b|\bsay stop\b|\bnot call again\b", re.IGNORECASE)
_GREETING = re.compile(
    r"\A(?:hi|hello|dear|good (?:morning|afternoon|day))\b[^\n.?!]{0,40}[,!.]?\s*(?:\n|\Z)", re.I
)
_SENTENCE = re.compile(r"(?<=[.!?])\s+|\n{2,}")
_LINK = re.compile(r"https?://\S+")
_NUMBER = re.compile(
    r"\d|\b(?:two|three|four|five|six|seven|eight|nine|ten|twelve|fifteen|twenty|thirty|forty|fifty|half|hundred)\b",
    re.IGNORECASE,
)
_PERMISSION = re.compile(
    r"\b(?:bad|good|right) (?:time|moment)\b|\b(?:have|got|spare) (?:a|one|two|thirty|30|60|twenty) "
    r"(?:quick )?(?:seconds?|minutes?|moment)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Said:
    """The words of one contact: a call's first message, a mail's plain text and subject, or a text."""

    channel: str
    text: str
    subject: str = ""

    @property
    def opener(self) -> str:
        """The first sentence that not everybody says."""
        return next(iter(self.sentences), "")

    @property
    def sentences(self) -> tuple[str, ...]:
        """Everything said in sentences, without greeting, links and what the law makes all calls say."""
        plain = _GREETING.sub("", _LINK.sub("", self.text).strip(), count=1)
        found = (" ".join(each.split()) for each in _SENTENCE.split(plain))
        return tuple(each for each in found if each and not _SAID_BY_ALL.search(each))


Feature = Callable[[Said, Person], bool]


def _words(text: str) -> int:
    return len(text.split())


def _names(name: str, said: Said) -> bool:
    """Whether a name is said; one of one or two letters is not looked for, since it is in every text."""
    return len(name) > 2 and name.casefold() in f"{said.subject}\n{said.text}".casefold()


FEATURES: Mapping[str, Feature] = {
    "short_opener": lambda said, _: 0 < _words(said.opener) <= SHORT_OPENER_WORDS,
    "question_opener": lambda said, _: said.opener.endswith("?"),
    "permission_opener": lambda said, _: any(_PERMISSION.search(each) for each in said.sentences[:2]),
    "gives_number": lambda said, _: any(_NUMBER.search(each) for each in said.sentences[:2]),
    "short_subject": lambda said, _: 0 < _words(said.subject) <= SHORT_SUBJECT_WORDS,
    "question_subject": lambda said, _: said.subject.strip().endswith("?"),
    "short_text": lambda said, _: 0 < _words(" ".join(said.sentences)) <= SHORT_TEXT_WORDS,
    "names_person": lambda said, person: _names(person.first_name, said),
    "names_company": lambda said, person: _names(person.company, said),
    "names_city": lambda said, person: _names(person.city, said),
    "names_trade": lambda said, person: _names(person.industry, said),
    "tells_fact": lambda said, person: _names(person.fact, said),
}
"""By name: what a planted effect may stand on."""
