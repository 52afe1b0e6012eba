"""The page behind a hot lead's mail: GET shows who waits, POST says that the owner dealt with it.

The link is signed and expires; it can close one conversation and do nothing else.
"""

from __future__ import annotations

from collections.abc import Callable

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response

from functions.web.page import page, paragraph
from functions.web.signed import SignedPage
from shared.links import handled_lead_of
from shared.mail.safe import NAME_LENGTH, plain
from shared.state.hot_leads import LeadCard

_CONFIRM = Markup("<form method='post'><button>I have dealt with it</button></form>")


class Handled(SignedPage):
    """The two halves of the link."""

    refused = "It is not complete, or too old. The command “growthloop outcome close” does the same."

    async def show(self, request: Request) -> Response:
        """Who it is, with one button."""
        return await self._serve(request, lambda token: self._card_for(token, self._show))

    async def act(self, request: Request) -> Response:
        """Close the conversation; a second time changes nothing."""
        return await self._serve(request, lambda token: self._card_for(token, self._act))

    def _card_for(self, token: str, then: Callable[[LeadCard], Response]) -> Response:
        lead_id = handled_lead_of(self._loop.settings, token, now=self._loop.clock.now())
        card = self._loop.state.hot_leads.card(lead_id)
        return then(card) if card else page("Nobody is left here", paragraph("This lead was erased."), 404)

    def _show(self, card: LeadCard) -> Response:
        words = "They then no longer stand first in your evening email, until they write or call again."
        return page(f"Have you dealt with {_who(card)}?", paragraph(words) + _CONFIRM)

    def _act(self, card: LeadCard) -> Response:
        self._loop.state.hot_leads.close(card.lead_id)
        self._loop.log.info("conversation closed by the owner", extra={"lead_id": card.lead_id})
        return page("Done", paragraph(f"The conversation with {_who(card)} is closed."))


def _who(card: LeadCard) -> str:
    name, company = plain(card.name, NAME_LENGTH), plain(card.company or "", NAME_LENGTH)
    return " of ".join(part for part in (name, company) if part) or f"lead {card.lead_id}"
