"""What the owner is told about one hot lead: who it is, what they want, what to answer, and one tap to do it.

Everything from the lead is data, shown quoted, bounded and without links. The suggested answer is made of our
own words and the owner's facts; what the lead wrote never gets into it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from shared.directives import gsm
from shared.mail.safe import NAME_LENGTH, mail_link, plain, quoted, shown_phone, tel_link, web_link
from shared.state.hot_leads import Alert, Said

NEXT_STEP: Mapping[str, str] = {
    "positive": "Answer them today: they are interested.",
    "question": "Answer their question.",
    "callback": "Call them. If they named a time, the loop calls then, where it may.",
    "missed_call": "Call them back: they called, and nobody answered.",
}
WISHES: Mapping[str, str] = {
    "positive": "is interested",
    "question": "has a question",
    "callback": "wants to be called back",
    "missed_call": "called, and nobody answered",
    "meeting": "agreed to meet",
}
MEANS: Mapping[str, str] = {"call": "by phone", "email": "by email", "sms": "by text"}
LONGEST_MAILTO = 1_800  # what every mail program takes
_NAMES = (40, 24, 12)  # a text is tried with shorter names until it fits


@dataclass(frozen=True)
class Desk:
    """The owner's side: who answers, on which clock, and where somebody can book."""

    business_name: str
    owner_name: str
    zone: str
    minutes: int
    booking_url: str
    handled_url: str


def meeting_words(
    wish: str, at: datetime | None, clashes: bool, zone: ZoneInfo, now: datetime | None = None
) -> str:
    """What to do about a booked meeting, at its time in the owner's zone; empty where there is none.

    `now` tells one that is over: then the owner is asked what became of it.
    """
    if at is None:
        return "Agree on a time: they want to meet." if wish == "meeting" else ""
    when = spoken_time(at, zone)
    if clashes:
        return f"They were promised {when}, which was already taken: agree on another time."
    if now is not None and at < now:
        return f"You met on {when}: say how it went with `growthloop outcome add`."
    return f"You meet on {when}."


def spoken_time(at: datetime, zone: ZoneInfo) -> str:
    """A day and an hour as people say them."""
    return at.astimezone(zone).strftime("%A, %B %-d at %-I:%M %p")


def next_step(alert: Alert, zone: ZoneInfo) -> str:
    """What the owner does now."""
    met = meeting_words(alert.wish, alert.meeting_at, alert.meeting_clashes, zone)
    return met or NEXT_STEP.get(alert.wish, "Answer them.")


def headline(alert: Alert) -> str:
    """Who, and what they want."""
    company = plain(alert.company or "", NAME_LENGTH)
    return f"{_name(alert)}{f' of {company}' if company else ''} {WISHES.get(alert.wish, 'answered')}."


def suggestion(alert: Alert, desk: Desk) -> list[str]:
    """A suggested answer in paragraphs; the owner changes it before it goes out."""
    hello = f"Hi {plain(alert.first_name or '', NAME_LENGTH)}," if alert.first_name else "Hello,"
    book = f" You can also pick a time here: {desk.booking_url}" if desk.booking_url else ""
    talk = f"If it is easier to talk, {desk.minutes} minutes are enough.{book}"
    body = {
        "positive": ("Thank you for getting back to me. When may I call you?" + book,),
        "question": ("Thank you for asking. [Your answer.]", talk),
        "callback": ("I will call you as you asked. If another time suits you better, just tell me." + book,),
        "missed_call": ("I am sorry that I missed your call. When may I call you back?" + book,),
        "meeting": (_looking_forward(alert, desk) + " If something comes up, just answer this.",),
    }.get(alert.wish, ("Thank you for your answer.", talk))
    return [hello, *body, " · ".join(part for part in (desk.owner_name, desk.business_name) if part)]


def _looking_forward(alert: Alert, desk: Desk) -> str:
    if alert.meeting_at is None or alert.meeting_clashes:
        return "I look forward to talking with you. Which day and hour suit you?"
    theirs = ZoneInfo(alert.zones[0] if len(alert.zones) == 1 else desk.zone)
    return f"I look forward to talking with you on {spoken_time(alert.meeting_at, theirs)}."


def hot_lead_view(alert: Alert, desk: Desk) -> dict[str, Any]:
    """The values of the mail's templates."""
    zone = ZoneInfo(desk.zone)
    answer = suggestion(alert, desk)
    return {
        "subject": plain(f"{headline(alert).rstrip('.')}: {MEANS[alert.channel]}", 120),
        "preview": next_step(alert, zone),
        "business": desk.business_name,
        "zone": desk.zone,
        "lead": f"{alert.lead_id}",
        "name": _name(alert),
        "headline": headline(alert),
        "means": MEANS[alert.channel],
        "at": _clock(alert.at, zone),
        "said": quoted(alert.words or ""),
        "next": next_step(alert, zone),
        "suggestion": answer,
        "tel": tel_link(alert.phone),
        "sms": sms_link(alert.phone, answer) if alert.channel == "sms" else "",
        "phone": shown_phone(alert.phone),
        "mailto": answer_link(alert, answer),
        "email": plain(alert.email or "", NAME_LENGTH),
        "handled": web_link(desk.handled_url),
        "thread": [_turn(each, zone, alert) for each in alert.thread],
    }


def answer_link(alert: Alert, answer: list[str]) -> str:
    """A `mailto:` with the suggested answer under the subject of the conversation; empty for no address."""
    link = mail_link(alert.email)
    if not link:
        return ""
    subjects = [plain(each.subject, 120) for each in alert.thread if each.subject]
    subject = subjects[-1] if subjects else "Our conversation"
    re_ = subject if subject.lower().startswith("re:") else f"Re: {subject}"
    filled = f"{link}?subject={quote(re_)}&body={quote(_body(answer))}"
    return filled if len(filled) <= LONGEST_MAILTO else link


def sms_link(phone: str | None, answer: list[str]) -> str:
    """An `sms:` link with the suggested answer; empty for no number."""
    tel = tel_link(phone)
    return f"sms:{tel.removeprefix('tel:')}?body={quote(' '.join(answer))}" if tel else ""


def hot_lead_text(alert: Alert, desk: Desk) -> str:
    """The same in one text message of at most 160 places, with the number to call."""
    when = ""
    if alert.meeting_at and not alert.meeting_clashes:
        when = f" on {alert.meeting_at.astimezone(ZoneInfo(desk.zone)):%a %b %-d, %-I:%M %p}"
    reach = f"Call {alert.phone}" if tel_link(alert.phone) else "See your email"
    wish = WISHES.get(alert.wish, "answered")
    for longest in _NAMES:
        parts = (plain(alert.name, longest), plain(alert.company or "", longest))
        who = ", ".join(part for part in parts if part) or f"lead {alert.lead_id}"
        text = gsm.fold(f"Hot lead: {who} {wish}{when}. {reach}")
        if gsm.septets(text) <= gsm.ONE_SEGMENT:
            return text
    return f"Hot lead: lead {alert.lead_id}. {reach}"


def _name(alert: Alert) -> str:
    return plain(alert.name, NAME_LENGTH) or "Somebody"


def _body(answer: list[str]) -> str:
    return "\r\n\r\n".join(answer)


def _turn(said: Said, zone: ZoneInfo, alert: Alert) -> dict[str, str]:
    spoke = "A call" if said.channel == "call" else _name(alert) if said.direction == "in" else "We"
    return {
        "who": f"{spoke} {MEANS.get(said.channel, said.channel)}" if said.channel != "call" else spoke,
        "at": _clock(said.at, zone),
        "subject": plain(said.subject or "", NAME_LENGTH),
        "words": quoted(said.words or ""),
    }


def _clock(at: datetime, zone: ZoneInfo) -> str:
    return f"{at.astimezone(zone):%a %b %-d, %-I:%M %p}"
