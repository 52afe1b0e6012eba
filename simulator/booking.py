"""A person at a booking page: they look, choose a time, and try again when it was just taken."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, timedelta
from html import unescape
from urllib.parse import urlencode

from simulator.agenda import Delivery, Effect
from simulator.record import BOOKED
from simulator.world.dice import dice

LOOKS, BOOKS = "booking", BOOKED
VISITS = 3
TAKEN = 409
RETRIES = (timedelta(hours=1), timedelta(days=1))
OFFERED = re.compile(r'name="slot" value="([^"]+)"')


def link_in(text: str) -> str | None:
    """The first web address in a text message."""
    found = re.search(r"https?://\S+", text)
    return found.group() if found else None


def visit(
    at: datetime, person: str, channel: str, n: int, order: int, *, url: str, event_id: str
) -> Delivery:
    """The first look at a page; what follows depends on what it shows."""
    return Delivery(
        at=at,
        person=person,
        channel=channel,
        n=n,
        order=order,
        kind=LOOKS,
        scheme="none",
        url=url,
        body=b"",
        content_type="application/x-www-form-urlencoded",
        event_id=event_id,
        method="GET",
        retries=RETRIES,
    )


def what_follows(delivery: Delivery, status: int, page: str, now: datetime) -> tuple[Delivery, ...]:
    """What a person does after this answer to their look or their choice; nothing for any other delivery.

    A page without a time, such as one that shows their meeting, is the end of it.
    """
    roll = dice(delivery.event_id, "booking", delivery.attempt)
    if delivery.kind == LOOKS and 200 <= status < 300:
        offered = [unescape(slot) for slot in OFFERED.findall(page)]
        at = now + timedelta(seconds=roll.uniform(15, 60))
        return (_chosen(delivery, at, roll.choice(offered)),) if offered else ()
    if delivery.kind == BOOKS and not 200 <= status < 300 and delivery.attempt + 1 < VISITS:
        wait = timedelta(seconds=10) if status == TAKEN else RETRIES[0]
        again = replace(delivery, at=now + wait, kind=LOOKS, method="GET", body=b"", effect=Effect())
        return (replace(again, attempt=delivery.attempt + 1, retries=RETRIES),)
    return ()


def _chosen(look: Delivery, at: datetime, slot: str) -> Delivery:
    body = urlencode({"slot": slot}).encode()
    posted = replace(look, at=at, order=look.order + 1, kind=BOOKS, method="POST", body=body)
    return replace(posted, retries=(), effect=Effect(act=BOOKS))
