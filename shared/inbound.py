"""What a person's answer means, by rules alone.

No model decides about an opt-out. A stop-phrase in somebody's own words always wins, also over a friendly
remainder: a lead lost by mistake is cheaper than a person contacted against their will. The listed words
are those of the FCC's revocation rule (STOP, QUIT, END, REVOKE, OPT OUT, CANCEL, UNSUBSCRIBE) and Twilio's.

Not promised: other languages than English, sarcasm, or the right guess between "positive" and "question",
which reach the owner alike.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from html.parser import HTMLParser
from typing import Final

from shared.providers.event import ReplyClass

_NO_HEADERS: Final[Mapping[str, str]] = {}


def _any(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns))


# fmt: off
_STOP_WORDS = frozenset([
    "stop", "stopall", "stop all", "stop it", "stop this", "stop now", "please stop", "stop please", "quit",
    "end", "revoke", "cancel", "cancel all", "opt out", "optout", "opt me out", "unsubscribe", "remove",
    "unsubscribe me", "remove me", "delete", "delete me", "no more", "leave me alone", "dnc",
])
# fmt: on
_REACH = r"(?:call|text|e-?mail|mail|messag|contact|spam|send|reach|bother|harass|writ|pester|phon|ring)\w*"
_NOT = r"(?:do\s*n[o']?t|dont|do not|never|must not|stop|quit|cease)"
_MEDIA = r"(?:calls?|texts?|e-?mails?|messages?|contact|mailings?|sms)"
_DROP = r"(?:remove|delete|drop|scrub)"
_STOP_PHRASES = _any(
    r"^(?:please\s+)?stop\b(?!\s+(?:by|in|over|at)\b)",
    r"\bopt(?:ing|ed)?[\s-]*(?:me[\s-]+|us[\s-]+)?out\b",
    rf"\b(?:stop|quit|cease)\s+(?:\w+\s+){{0,2}}?{_REACH}",
    rf"(?<!why )\b{_NOT}\s+(?:ever\s+|please\s+|keep\s+)?(?!send){_REACH}"
    r"(?:\s+(?:me|us|here|this|again)\b|\W|$)",
    rf"\b{_NOT}\s+(?:ever\s+)?send\s+(?:me\s+|us\s+)?(?:any|more|these|this|another|{_MEDIA})\b",
    rf"\b{_DROP}\s+(?:me|us)\b",
    rf"\b{_DROP}\s+(?:my|our|this)\s+(?:\w+\s+)?(?:number|e-?mail|address|contact|name|info|data)",
    r"\btake\s+(?:me|us|my\s+\w+|our\s+\w+|this\s+\w+)\s+(?:\w+\s+)?off\b",
    r"\b(?:off|from)\s+(?:of\s+)?(?:your|this|the)\s+(?:\w+\s+){0,2}list\b",
    r"\b(?:lose|forget|delete)\s+(?:my|this)\s+number\b",
    r"\bleave\s+(?:me|us)\s+alone\b",
    r"\b(?:do[\s-]*not|don'?t)[\s-]*(?:call|contact)[\s-]*(?:list|registry)\b",
    rf"\bno\s+more\s+(?:\w+\s+)?{_MEDIA}\b",
    r"\b(?:do\s*n'?t|do not|no longer)\s+(?:want|wish)\s+"
    rf"(?:to\s+(?:be\s+)?(?:receive|hear|contacted|called|get)|(?:any\s+|more\s+|your\s+|these\s+)*{_MEDIA})",
    r"\b(?:revoke|withdraw)\s+(?:my\s+|our\s+|any\s+)?(?:consent|permission)\b",
    r"\bcease\s+and\s+desist\b",
)
_UNSUBSCRIBE = re.compile(r"\bunsubscribe\b")
_AUTO_SUBJECT = re.compile(
    r"^\W*(?:re:\s*)?(?:automatic reply|auto[\s-]?(?:matic )?(?:reply|response)"
    r"|out[\s-]of[\s-](?:the[\s-])?office|ooo\b)"
)
_AWAY = _any(
    r"\bout[\s-]of[\s-](?:the[\s-])?office\b",
    r"\b(?:am|currently|be) (?:away )?on (?:vacation|holiday|pto|(?:\w+ )?leave)\b",
    r"\baway from (?:my|the) (?:desk|office|e-?mail)\b",
    r"\bautomat(?:ic|ed) (?:reply|response)\b",
    r"\blimited access to (?:my )?e-?mail\b",
    r"\bi (?:will be back|return|am back) (?:in the office )?on\b",
)
_COMPLAINT = _any(
    r"\bspam(?:mer|ming|med)?\b",
    r"\b(?:report(?:ed|ing)?) (?:you|this)\b",
    r"\b(?:lawyer|attorney|lawsuit|sue|legal action)\b",
    r"\bharass|\bscam|\billegal\b",
    r"\b(?:ftc|fcc|tcpa|attorney general)\b",
    r"\b(?:how did you (?:get|find)|where did you (?:get|find)|who gave you) (?:my|our|this)\b",
)
_CALLBACK = _any(
    r"\b(?:call|ring|phone|buzz)\s+(?:me|us)\b",
    r"\bcall(?:ing)?\s+(?:me\s+|us\s+)?back\b",
    r"\bgive (?:me|us) a (?:call|ring|buzz)\b",
    r"\b(?:can|could) (?:you|we|someone) (?:call|talk by phone)\b",
    r"\breach me (?:at|on)\b",
    r"\bbest (?:time to call|number)\b",
)
_NOT_NOW = _any(
    r"\bnot interested\b",
    r"\bno,? thank",
    r"^(?:no|nope|nah|pass)\W*$",
    r"\bnot (?:right )?now\b|\bnot (?:at|for) (?:this|the) (?:time|moment)\b",
    r"\bmaybe (?:later|next)\b",
    r"\b(?:next|in a few|in \d+) (?:quarter|year|months?)\b",
    r"\b(?:too|very|really) busy\b|\bno budget\b",
    r"\balready (?:have|use|using|work|covered|got)\b",
    r"\b(?:just|already|have|we|'ve) signed (?:up )?with\b",
    r"\b(?:all set|no need|don'?t need)\b",
    r"\bnot (?:a )?(?:good )?(?:fit|looking)\b",
    r"\b(?:circle|check|follow) (?:back|up) (?:\w+ ){0,3}?(?:in|next|after|later)\b",
)
_POSITIVE = _any(
    r"\binterested\b",
    r"\bsounds? (?:good|great|interesting|fine|perfect)\b",
    r"\blet'?s (?:talk|chat|do|meet|set|schedule|connect)\b",
    r"\b(?:set up|schedule|book) (?:a|the|some) (?:time|call|meeting|demo|chat)\b",
    r"^(?:yes|yeah|yep|sure|ok|okay|absolutely)\b",
    r"\bworks for (?:me|us)\b|\bwhat times?\b|\bhappy to\b",
    r"\bi(?:'d| would) (?:love|like)\b|\bi'?m in\b",
    r"\btell (?:me|us) more\b|\bsign (?:me|us) up\b",
    r"\bsend (?:me |us |over |it |the |some )*(?:more )?(?:info|details|pricing|link|calendar)",
)
_QUESTION = re.compile(r"\?|^(?:who|what|how|when|where|why|which|is|are|do|does|can|could)\b")

_ATTRIBUTION = re.compile(r"^\s*On\b.{4,200}?\bwrote:\s*$", re.MULTILINE | re.DOTALL)
_HISTORY = re.compile(
    r"^\s*(?:-{2,}\s*(?:Original|Forwarded) Message|_{8,}\s*$|From:\s.+\n(?:.*\n)?\s*(?:Sent|Date|To):)",
    re.MULTILINE | re.IGNORECASE,
)
_SIGNATURE = re.compile(r"^--\s*$|^(?:Sent|Get Outlook) (?:from|for) (?:my )?\w+.*$", re.MULTILINE)


def own_words(text: str) -> str:
    """What this person wrote themselves: without quoted history, signature and mail-program footers."""
    text = text.replace("\r\n", "\n")
    text = _cut(text, _HISTORY)
    attribution = _ATTRIBUTION.search(text)
    if attribution:
        after = text[attribution.end() :]
        answered_below = after.lstrip().startswith(">")
        text = text[: attribution.start()] + ("\n" + after if answered_below else "")
    text = "\n".join(line for line in text.split("\n") if not line.lstrip().startswith(">"))
    return _cut(text, _SIGNATURE).strip()


def is_opt_out(text: str) -> bool:
    """Whether somebody asks, in their own words, not to be contacted any more."""
    words = _plain(own_words(text))
    return _bare(words) in _STOP_WORDS or bool(_STOP_PHRASES.search(words) or _UNSUBSCRIBE.search(words))


def classify_reply(text: str, subject: str = "", headers: Mapping[str, str] = _NO_HEADERS) -> ReplyClass:
    """Sort one reply. `headers` are those of an email, names in any case.

    A machine's answer that only mentions unsubscribing, as newsletters' footers do, is still a machine's;
    one that asks to be left alone is an opt-out.
    """
    words = _plain(own_words(text))
    if _is_automatic(subject, headers):
        return "opt_out" if _STOP_PHRASES.search(words) else "out_of_office"
    if is_opt_out(text) or is_opt_out_subject(subject):
        return "opt_out"
    rules: tuple[tuple[re.Pattern[str], ReplyClass], ...] = (
        (_AWAY, "out_of_office"),
        (_COMPLAINT, "complaint"),
        (_CALLBACK, "callback"),
        (_NOT_NOW, "not_now"),
        (_POSITIVE, "positive"),
        (_QUESTION, "question"),
    )
    return next((name for pattern, name in rules if pattern.search(words)), "other")


def is_opt_out_subject(subject: str) -> bool:
    """Whether a new subject asks to stop; a reply's subject is ours and says nothing."""
    plain = _plain(subject)
    return not re.match(r"(?:re|fwd?|aw)\s*:", plain) and is_opt_out(plain)


def _is_automatic(subject: str, headers: Mapping[str, str]) -> bool:
    given = {name.lower(): value.lower() for name, value in headers.items()}
    return (
        given.get("auto-submitted", "no").split(";")[0].strip() != "no"
        or given.get("precedence", "") in ("auto_reply", "auto-reply")
        or any(name in given for name in ("x-autoreply", "x-autorespond", "x-auto-reply"))
        or bool(_AUTO_SUBJECT.search(_plain(subject)))
    )


def _cut(text: str, marker: re.Pattern[str]) -> str:
    found = marker.search(text)
    return text[: found.start()] if found else text


def _plain(text: str) -> str:
    return " ".join(text.replace("’", "'").replace("‘", "'").lower().split())


def _bare(words: str) -> str:
    return " ".join(re.sub(r"[^a-z' ]+", " ", words).split())


class _Text(HTMLParser):
    """Collects the visible text outside quotations."""

    _SILENT = frozenset(["blockquote", "style", "script", "head", "title"])
    _BREAK = frozenset(["br", "p", "div", "li", "tr"])

    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []
        self._silenced: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        if tag in self._SILENT:
            self._silenced.append(tag)
        if tag in self._BREAK:
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in self._silenced:
            self._silenced.remove(tag)
        if tag in self._BREAK:
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._silenced:
            self.parts.append(data)


def text_of_html(html: str) -> str:
    """The readable words of an HTML mail that came without a text part, quotations left out."""
    parser = _Text()
    parser.feed(html)
    parser.close()
    return re.sub(r"\n{3,}", "\n\n", "".join(parser.parts)).strip()
