"""What happens to a mail: machines first, then perhaps a person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import log
from random import Random
from zoneinfo import ZoneInfo

from simulator.truth import Planted
from simulator.world.dice import dice, pick
from simulator.world.effects import Meeting, factor, opt_out_factor, reweighted
from simulator.world.features import Said
from simulator.world.people import Person, size_class
from simulator.world.population import World
from simulator.world.rates import Emails
from simulator.world.words import out_of_office, reply_text
from simulator.world.working_hours import add_working_time, next_working_moment

LATE_MAIL = 4
NOON = 12
NOTHING_SAID = Said("email", "")
DAILY, ALTERNATE = timedelta(hours=36), timedelta(hours=60)


@dataclass(frozen=True)
class Happening:
    """One thing that happens to a mail. `kind` is one of delivered, delayed, bounced, soft_bounced,
    opened, clicked, complained, replied, out_of_office, scanned (a machine follows the links),
    unsubscribed_one_click, unsubscribed_on_page, booking (they open the booking link to choose a time)."""

    kind: str
    at: datetime
    text: str = ""
    reply_class: str | None = None
    machine: bool = False


@dataclass(frozen=True)
class EmailOutcome:
    """All that becomes of a mail, in the order of time; `disposition` is what counts in the end."""

    disposition: str
    happenings: tuple[Happening, ...]


def receive(
    world: World,
    person: Person,
    *,
    n: int,
    at: datetime,
    previous: datetime | None = None,
    said: Said = NOTHING_SAID,
) -> EmailOutcome:
    """The outcome of the n-th mail to this person, accepted at `at`, the one before at `previous`."""
    roll = dice(world.seed, person.identity, "email", n)
    rates = _moved(world.rates.emails, world.planted, world.meeting(person, at, said))
    arrival = at + timedelta(seconds=roll.uniform(1, 20))
    if person.bad_address:
        return EmailOutcome("bounced", (Happening("bounced", arrival),))
    if roll.random() < rates.transient_bounce:
        return EmailOutcome("soft_bounced", (Happening("soft_bounced", arrival),))
    delayed, arrival = _delay(rates, roll, arrival)
    gap = arrival - previous if previous else None
    happenings = [*delayed, Happening("delivered", arrival)]
    happenings += _machines(rates, roll, arrival)
    happenings += _human(rates, person, roll, n, arrival, gap)
    happenings += _booking(
        rates, dice(world.seed, person.identity, "email", n, "booking"), person, happenings
    )
    happenings.sort(key=lambda happening: happening.at)
    return EmailOutcome(_disposition(happenings), tuple(happenings))


def delivered_only(at: datetime) -> EmailOutcome:
    """A mail to somebody outside the world arrives, and that is all."""
    return EmailOutcome("delivered", (Happening("delivered", at + timedelta(seconds=2)),))


def _moved(rates: Emails, planted: tuple[Planted, ...], here: Meeting) -> Emails:
    """The rates of this one mail, with what the world plants."""
    if not planted:
        return rates
    leaves = opt_out_factor(planted, here)
    classes = {"positive": factor(planted, "positive", here), "opt_out": leaves}
    return rates.model_copy(
        update={
            "reply_per_person": min(1.0, rates.reply_per_person * factor(planted, "replied", here)),
            "reply_classes": reweighted(rates.reply_classes, classes),
            "books_when_positive": min(1.0, rates.books_when_positive * factor(planted, "booked", here)),
            "unsubscribe": min(1.0, rates.unsubscribe * leaves),
            "complaint": min(1.0, rates.complaint * leaves),
        }
    )


def _disposition(happenings: list[Happening]) -> str:
    kinds = {happening.kind for happening in happenings}
    if "complained" in kinds:
        return "complained"
    classes = {happening.reply_class for happening in happenings}
    if "opt_out" in classes or any(kind.startswith("unsubscribed") for kind in kinds):
        return "unsubscribed"
    return "replied" if "replied" in kinds else "delivered"


def _delay(rates: Emails, roll: Random, arrival: datetime) -> tuple[list[Happening], datetime]:
    delayed = roll.random() < rates.delayed
    wait = timedelta(minutes=roll.uniform(5, 90))
    return ([Happening("delayed", arrival)], arrival + wait) if delayed else ([], arrival)


def _machines(rates: Emails, roll: Random, arrival: datetime) -> list[Happening]:
    opens, clicks, wait = roll.random(), roll.random(), roll.uniform(3, 60)
    at = arrival + timedelta(seconds=wait)
    found = []
    if opens < rates.machine_open:
        found.append(Happening("opened", at, machine=True))
    if clicks < rates.machine_click:
        found.append(Happening("clicked", at + timedelta(seconds=1), machine=True))
        found.append(Happening("scanned", at + timedelta(seconds=2), machine=True))
    return found


def _human(
    rates: Emails, person: Person, roll: Random, n: int, arrival: datetime, gap: timedelta | None
) -> list[Happening]:
    looks, clicks, leaves = roll.random(), roll.random(), roll.random()
    replies, complains, away = roll.random(), roll.random(), roll.random()
    seen = reply_delay(rates, roll, arrival, person.zone)
    found = []
    if away < rates.out_of_office:
        found.append(_out_of_office(roll, person, arrival))
    if complains < rates.complaint * _fatigue(rates, gap):
        return [*found, Happening("complained", seen)]
    if leaves < rates.unsubscribe * (rates.unsubscribe_late if n >= LATE_MAIL else 1):
        way = "page" if roll.random() < rates.unsubscribe_by_page else "click"
        kind = "unsubscribed_on_page" if way == "page" else "unsubscribed_one_click"
        return [*found, Happening(kind, seen)]
    if replies < reply_share(rates, person, n, arrival):
        kind = pick(roll, rates.reply_classes)
        text = reply_text(roll, kind, person.first_name)
        found.append(Happening("replied", seen, text=text, reply_class=kind))
    if looks < rates.human_open or replies < reply_share(rates, person, n, arrival):
        found.append(Happening("opened", seen - timedelta(minutes=1)))
        if clicks < rates.human_click / rates.human_open:
            found.append(Happening("clicked", seen - timedelta(seconds=30)))
    return found


def _booking(rates: Emails, roll: Random, person: Person, found: list[Happening]) -> list[Happening]:
    """Whether they go on to the booking link, after a good answer or a click of their own."""
    answered = next((each for each in found if each.reply_class == "positive"), None)
    clicked = next((each for each in found if each.kind == "clicked" and not each.machine), None)
    books, wait = roll.random(), timedelta(minutes=roll.uniform(2, 90))
    if answered is not None and books < rates.books_when_positive:
        return [Happening("booking", next_working_moment(answered.at + wait, person.zone))]
    replied = any(each.kind == "replied" for each in found)
    if clicked is not None and not replied and books < rates.books_when_clicked:
        return [Happening("booking", clicked.at + timedelta(seconds=1))]
    return []


def reply_share(rates: Emails, person: Person, n: int, at: datetime) -> float:
    """Chance that the n-th mail is answered by this person."""
    moment = mail_moment(rates, at.astimezone(ZoneInfo(person.zone)))
    step = rates.reply_by_mail[min(n, len(rates.reply_by_mail)) - 1]
    size: float = getattr(rates.by_staff, size_class(person.staff))
    return min(1.0, rates.reply_per_person * step * moment * size * person.eagerness)


def mail_moment(rates: Emails, local: datetime) -> float:
    """What day and half of the day multiply a reply by."""
    return rates.weekdays[local.weekday()] * (rates.morning if local.hour < NOON else rates.afternoon)


def _fatigue(rates: Emails, gap: timedelta | None) -> float:
    if gap is None or gap >= ALTERNATE:
        return 1.0
    return rates.fatigue.daily if gap < DAILY else rates.fatigue.alternate


def reply_delay(rates: Emails, roll: Random, at: datetime, zone: str) -> datetime:
    """When the person gets to it: lognormal on working hours, some only days later."""
    median, sigma = rates.delay_h
    hours, late, days = roll.lognormvariate(log(median), sigma), roll.random(), roll.uniform(*rates.tail_days)
    if late < rates.tail:
        return next_working_moment(at + timedelta(days=days), zone)
    return add_working_time(at, timedelta(hours=min(hours, 100.0), minutes=2), zone)


def _out_of_office(roll: Random, person: Person, arrival: datetime) -> Happening:
    back = (arrival + timedelta(days=roll.randint(2, 14))).astimezone(ZoneInfo(person.zone))
    text = out_of_office(person.name, f"{back:%B} {back.day}, {back.year}")
    return Happening("out_of_office", arrival + timedelta(seconds=40), text, "out_of_office", machine=True)
