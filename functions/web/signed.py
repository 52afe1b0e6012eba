"""What the pages behind a signed link share: a link that is not ours, and a database that is away."""

from __future__ import annotations

from collections.abc import Callable

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from functions.web.page import page, paragraph
from shared.errors import ConfigurationError, StateError, WebhookRefused
from shared.loop import Loop


class SignedPage:
    """A page that one link opens. `refused` and `busy` are what a visitor reads when it cannot be served."""

    refused = "Please copy the whole link from the message."
    busy = "We could not store that. Please try once more."

    def __init__(self, loop: Loop) -> None:
        self._loop = loop

    async def _serve(self, request: Request, answer: Callable[[str], Response]) -> Response:
        """What `answer` makes of the token, in a thread; 404 where it is not ours, 503 to come again."""
        return await run_in_threadpool(self._guarded, request.path_params["token"], answer)

    def _guarded(self, token: str, answer: Callable[[str], Response]) -> Response:
        try:
            return answer(token)
        except WebhookRefused:
            return page("This link does not work", paragraph(self.refused), 404)
        except (StateError, ConfigurationError) as error:
            self._loop.log.error("%s not served", type(self).__name__, extra={"code": error.code})
            return page("Please try again", paragraph(self.busy), 503)
