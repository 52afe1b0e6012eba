"""The owner's yes or no from an email: GET shows what would change, POST acts, silence changes nothing.

Mail scanners follow every link, so a GET never decides. The link stands for the fingerprint of exactly the
change that the mail showed.
"""

from __future__ import annotations

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response

from functions.web.page import form_value, page, paragraph
from functions.web.signed import SignedPage
from shared.links import approval_of

_BUTTONS = Markup(
    "<form method='post'><p><button name='answer' value='approve'>Yes, do it</button></p>"
    "<p><button name='answer' value='deny'>No, leave it</button></p></form>"
)
_OUTCOMES = {
    "approved": ("Approved", "It takes effect within half an hour, and can be taken back."),
    "denied": ("Declined", "Nothing changes."),
    "expired": ("Too late", "This question has expired. Nothing changed."),
    "changed": ("It has changed", "What you were shown is not what would be done now. Nothing changed."),
}


class Approvals(SignedPage):
    """The two halves of an approval link."""

    async def show(self, request: Request) -> Response:
        """What would change, with two buttons; or how it stands, when it is decided."""
        return await self._serve(request, lambda token: self._shown(token, None))

    async def act(self, request: Request) -> Response:
        """Take the answer; a second one changes nothing and shows the first."""
        answer = await form_value(request, "answer")
        return await self._serve(request, lambda token: self._shown(token, answer))

    def _shown(self, token: str, answer: str | None) -> Response:
        approval_id, fingerprint = approval_of(self._loop.settings, token)
        verbs = self._loop.state.experiments
        if answer in ("approve", "deny"):
            said = verbs.answer_approval(approval_id, fingerprint, approve=answer == "approve", actor="owner")
            return _outcome(said["status"])
        found = verbs.approval(approval_id)
        if found is None or found.fingerprint != fingerprint:
            return _outcome("changed")
        if found.state != "pending":
            return _outcome(found.state)
        return page("Your yes or no", paragraph(found.words) + paragraph(found.why) + _BUTTONS)


def _outcome(status: str) -> Response:
    title, words = _OUTCOMES.get(status, ("Not known", "There is no such question."))
    return page(title, paragraph(words), 200 if status in _OUTCOMES else 404)
