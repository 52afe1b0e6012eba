"""What directives are built from: a frozen model that forbids unknown fields, numbers, times, templates."""

from __future__ import annotations

import re
from datetime import time
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from shared.directives import gsm
from shared.directives.fields import check_template, used_fields

ChannelName = Literal["call", "email", "sms"]

Count = Annotated[int, Field(strict=True, ge=0)]
Positive = Annotated[int, Field(strict=True, ge=1)]
Usd = Annotated[float, Field(strict=True, ge=0, allow_inf_nan=False)]
Share = Annotated[float, Field(strict=True, ge=0, le=1)]
Flag = Annotated[bool, Field(strict=True)]
Name = Annotated[str, Field(min_length=1, max_length=40, pattern=r"^\S(?:.*\S)?$")]


class Directive(BaseModel):
    """Base of all directive models: an unknown field is an error, a parsed directive never changes."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _template(source: str) -> str:
    return check_template(source)


def _truthful_subject(source: str) -> str:
    """CAN-SPAM: a subject must not pretend to be an answer or a forwarded mail."""
    if re.match(r"\s*(re|aw|fwd?|wg)\s*:", source, re.IGNORECASE):
        raise ValueError("pretends to be an answer: a first mail may not start with Re: or Fwd:")
    if "\n" in source:
        raise ValueError("must be one line")
    return source


def _plain_sms(source: str) -> str:
    """One segment with nothing merged yet, by a named sender."""
    literal = re.sub(r"\{\{.*?\}\}|\{%.*?%\}", "", source, flags=re.DOTALL)
    if gsm.septets(literal) > gsm.ONE_SEGMENT:
        raise ValueError(f"is longer than one text message of {gsm.ONE_SEGMENT} characters")
    if "business_name" not in used_fields(source):
        raise ValueError("does not say who writes: {{ business_name }} is missing")
    return source


def _time_of_day(value: object) -> object:
    if isinstance(value, str) and re.fullmatch(r"([01]?\d|2[0-3]):[0-5]\d", value):
        hour, _, minute = value.partition(":")
        return time(int(hour), int(minute))
    if isinstance(value, time):
        return value
    raise ValueError("is not a time of day like 8:00 or 17:30")


Spoken = Annotated[str, Field(min_length=1, max_length=600), AfterValidator(_template)]
Prompt = Annotated[str, Field(min_length=1, max_length=12_000), AfterValidator(_template)]
Subject = Annotated[
    str, Field(min_length=1, max_length=90), AfterValidator(_template), AfterValidator(_truthful_subject)
]
EmailBody = Annotated[str, Field(min_length=1, max_length=3_000), AfterValidator(_template)]
SmsBody = Annotated[
    str, Field(min_length=1, max_length=600), AfterValidator(_template), AfterValidator(_plain_sms)
]
TimeOfDay = Annotated[time, BeforeValidator(_time_of_day)]
