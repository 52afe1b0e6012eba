"""The ping to a dead man's switch outside, of the form that healthchecks.io and its kin understand."""

from __future__ import annotations

from typing import Literal

from shared.loop import Loop

WAIT_S = 5
PATHS = {"start": "/start", "ok": "", "fail": "/fail"}


def ping(loop: Loop, word: Literal["start", "ok", "fail"]) -> None:
    """Say that a watch begins, ended well or failed; nothing where no address is set.

    A ping that does not arrive is only logged: the switch outside is there to notice exactly that.
    """
    url = loop.settings.ping_url
    if url is None:
        return
    import httpx

    try:
        httpx.get(url.rstrip("/") + PATHS[word], timeout=WAIT_S).raise_for_status()
    except httpx.HTTPError as error:
        loop.log.warning("the dead man's switch did not answer", extra={"code": type(error).__name__})
