"""The booking page behind the link of an email or text: GET shows free times, POST with one of them books.

Mail scanners follow every link, so GET changes nothing. A link never expires; what it offers is always of the
present. Times are shown on the person's own clock where it is known, else on the owner's, and say which.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from itertools import groupby
from zoneinfo import ZoneInfo

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response

from functions.web.offer import Offer, day_words, hour_words
from functions.web.page import form_value, page, paragraph
from functions.web.signed import SignedPage
from shared.links import booking_touch_of

_ONE = Markup('<button name="slot" value="{value}" aria-label="{hour}, {day}">{hour}</button>')
_DAY = Markup('<section><h2>{day}</h2><div class="times">{buttons}</div></section>')
_FORM = Markup('<form method="post">{days}</form>')
_TIME = Markup('<p><time datetime="{value}"><b>{day}, {hour}</b></time>, {minutes} minutes with {host}.</p>')
_QUIET = Markup('<p class="quiet">{}</p>')


class BookingPage(SignedPage):
    """The two halves of a booking link."""

    busy = "We cannot look into the calendar at the moment."

    async def show(self, request: Request) -> Response:
        """The times still free, or the meeting that this person already has."""
        return await self._serve(request, lambda token: self._offer_for(token, self._show))

    async def act(self, request: Request) -> Response:
        """Book the posted `slot`. A second time shows what was booked the first time."""
        slot = _instant(await form_value(request, "slot"))
        return await self._serve(
            request, lambda token: self._offer_for(token, lambda visit: self._act(visit, slot))
        )

    def _offer_for(self, token: str, then: Callable[[Offer], Response]) -> Response:
        visit = Offer.to(self._loop, booking_touch_of(self._loop.settings, token))
        return then(visit) if visit else _unknown()

    def _show(self, visit: Offer) -> Response:
        if visit.booking.starts_at:
            return self._booked(visit, visit.booking.starts_at)
        return self._offer(visit)

    def _act(self, visit: Offer, slot: datetime | None) -> Response:
        if visit.booking.starts_at:
            return self._booked(visit, visit.booking.starts_at)
        if slot is None:
            return self._gone(visit)
        answer = visit.take(slot)
        self._loop.log.info("booking asked for", extra={"status": answer.status})
        if answer.starts_at:
            return self._booked(visit, answer.starts_at)
        return self._gone(visit) if answer.status == "taken" else _unknown()

    def _offer(self, visit: Offer) -> Response:
        free = visit.free()
        if not free:
            return page(f"{visit.rules.minutes} minutes with {self._host}", _full())
        place = visit.zone.key.rpartition("/")[2].replace("_", " ")
        asked = f"Choose the time that suits you; one tap books it. All times are {place} time."
        body = paragraph(asked) + _times(free, visit.zone)
        return page(f"{visit.rules.minutes} minutes with {self._host}", body)

    def _gone(self, visit: Offer) -> Response:
        free = visit.free()
        body = paragraph("Please choose another one.") + _times(free, visit.zone) if free else _full()
        return page("That time is no longer free", body, 409)

    def _booked(self, visit: Offer, at: datetime) -> Response:
        local = at.astimezone(visit.zone)
        told = _TIME.format(
            value=_value(at),
            day=day_words(local),
            hour=hour_words(local),
            minutes=visit.rules.minutes,
            host=self._host,
        )
        return page("You are booked", told + _QUIET.format("If something comes up, just answer our message."))

    @property
    def _host(self) -> str:
        owner, business = self._loop.settings.owner_name, self._loop.settings.business_name
        return f"{owner} of {business}" if owner and business else owner or business or "us"


def _times(free: list[datetime], zone: ZoneInfo) -> Markup:
    local = [each.astimezone(zone) for each in free]
    days = Markup("").join(
        _DAY.format(
            day=day,
            buttons=Markup("").join(
                _ONE.format(value=_value(each), day=day, hour=hour_words(each)) for each in times
            ),
        )
        for day, times in groupby(local, key=day_words)
    )
    return _FORM.format(days=days)


def _full() -> Markup:
    return paragraph("No time is free in the next days. Please answer our message, and we will find one.")


def _unknown() -> Response:
    return page("Please write to us", paragraph("We do not know this message any more."), 404)


def _instant(text: str | None) -> datetime | None:
    """The instant that a button stands for; None for anything else."""
    try:
        at = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return at.astimezone(UTC) if at.tzinfo else None


def _value(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%MZ}"
