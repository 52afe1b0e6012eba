"""What happens to a text message."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import log
from random import Random

from simulator.truth import Planted
from simulator.world.dice import dice, pick
from simulator.world.effects import Meeting, factor, opt_out_factor, reweighted
from simulator.world.features import Said
from simulator.world.people import Person
from simulator.world.population import World
from simulator.world.rates import Texts
from simulator.world.words import KEYWORDS, OPT_OUT_TEXTS, reply_text
from simulator.world.working_hours import next_working_moment

HANDSET_OFF, UNKNOWN_HANDSET, LANDLINE = 30003, 30005, 30006


@dataclass(frozen=True)
class TextReply:
    """A text the person writes back; `kind` is its class, `keyword` a word Twilio acts on itself."""

    kind: str
    text: str
    at: datetime
    keyword: bool = False


@dataclass(frozen=True)
class TextOutcome:
    """All that becomes of a text; at `booking_at` they open its booking link to choose a time."""

    disposition: str
    at: datetime
    error_code: int | None = None
    reply: TextReply | None = None
    booking_at: datetime | None = None


def receive_text(
    world: World, person: Person, number: str, *, n: int, at: datetime, agreed: bool, text: str = ""
) -> TextOutcome:
    """The outcome of the n-th text to this person; `agreed` says whether they had opted in."""
    roll = dice(world.seed, person.identity, "sms", n)
    phone = world.lines[number]
    rates = _moved(world.rates.texts, world.planted, world.meeting(person, at, Said("sms", text), phone))
    done = at + timedelta(seconds=roll.uniform(2, 8))
    lost = roll.random() >= rates.delivered
    if phone.invalid:
        return TextOutcome("sms_failed", done, UNKNOWN_HANDSET)
    if not phone.can_text:
        return TextOutcome("undelivered", done, LANDLINE)
    if lost:
        return TextOutcome("undelivered", done + timedelta(hours=1), HANDSET_OFF)
    reply = _reply(rates, person, roll, n, done, agreed)
    answered = {None: "delivered", "opt_out": "opted_out"}.get(reply.kind if reply else None, "replied")
    booking_at = _booking(rates, dice(world.seed, person.identity, "sms", n, "booking"), person, reply)
    return TextOutcome(answered, done, reply=reply, booking_at=booking_at)


def _moved(rates: Texts, planted: tuple[Planted, ...], here: Meeting) -> Texts:
    """The rates of this one text, with what the world plants."""
    if not planted:
        return rates
    leaves = opt_out_factor(planted, here)
    return rates.model_copy(
        update={
            "reply": min(1.0, rates.reply * factor(planted, "replied", here)),
            "reply_classes": reweighted(rates.reply_classes, {"positive": factor(planted, "positive", here)}),
            "books_when_positive": min(1.0, rates.books_when_positive * factor(planted, "booked", here)),
            "opt_out": min(1.0, rates.opt_out * leaves),
        }
    )


def text_to_stranger(at: datetime) -> TextOutcome:
    """A text to somebody outside the world, such as the owner, arrives."""
    return TextOutcome("delivered", at + timedelta(seconds=3))


def _reply(
    rates: Texts, person: Person, roll: Random, n: int, done: datetime, agreed: bool
) -> TextReply | None:
    leaves, replies = roll.random(), roll.random()
    median, sigma = rates.delay_h
    at = done + timedelta(hours=min(roll.lognormvariate(log(median), sigma), 60.0))
    if leaves < (rates.opt_out if agreed else rates.opt_out_without_consent):
        keyword = roll.random() >= rates.own_words
        return TextReply("opt_out", roll.choice(KEYWORDS if keyword else OPT_OUT_TEXTS), at, keyword)
    step = rates.reply_by_text[min(n, len(rates.reply_by_text)) - 1]
    if replies < rates.reply * step * person.eagerness:
        kind = pick(roll, rates.reply_classes)
        return TextReply(kind, reply_text(roll, kind, ""), next_working_moment(at, person.zone))
    return None


def _booking(rates: Texts, roll: Random, person: Person, reply: TextReply | None) -> datetime | None:
    books, wait = roll.random(), timedelta(minutes=roll.uniform(2, 90))
    if reply is None or reply.kind != "positive" or books >= rates.books_when_positive:
        return None
    return next_working_moment(reply.at + wait, person.zone)
