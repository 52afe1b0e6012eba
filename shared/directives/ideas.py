"""Changes that the owner has allowed to be tested as they stand: what the built-in analyst chooses from."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from shared.directives.base import Directive


class Idea(Directive):
    """One change of one text. `text` is the whole new text of the field that `lever` names."""

    lever: Literal["opener", "voicemail", "email_subject", "email_body", "sms_text"]
    key: str
    text: Annotated[str, Field(min_length=1, max_length=3_000)]
    metric: Literal["answered", "dm_contact", "conversation", "replied", "positive", "booked"]
    lift: Annotated[float, Field(gt=0, le=2)]
    why: Annotated[str, Field(min_length=1, max_length=300)]


class Ideas(Directive):
    """The list (key `ideas`)."""

    ideas: tuple[Idea, ...]
