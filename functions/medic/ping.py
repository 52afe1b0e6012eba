"""The ping to a dead man's switch outside, of the form that healthchecks.io and its kin understand."""

from __future__ import annotations

from typing import Literal

from shared.loop import Loop

PATHS = {"start": "/start", "ok": "", "fail": "/fail"}


def ping(loop: Loop, word: Literal["start", "ok", "fail"]) -> None:
    """Say that a watch begins, ended well or failed; nothing where no address is set.

    A ping that does not arrive is only logged: the switch outside is there to notice exactly that.
    """
    url = loop.settings.ping_url
    if url is None:
        return
    answer = loop.outside.page(url.rstrip("/") + PATHS[word])
    if answer is not None and not 200 <= answer.status < 300:
        loop.log.warning("the dead man's switch did not answer", extra={"code": answer.status})
