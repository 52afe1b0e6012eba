"""The texts that the law asks for."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from shared.directives import gsm
from shared.directives.base import Directive, Prompt, SmsBody, Spoken
from shared.directives.fields import FOOTER_FIELDS, check_template, used_fields


def _footer(source: str) -> str:
    return check_template(source, FOOTER_FIELDS)


def _holding(*needed: str) -> AfterValidator:
    """The text must hold each of these: words as written, or merge fields."""

    def check(source: str) -> str:
        for each in needed:
            if each not in used_fields(source) and not re.search(rf"\b{re.escape(each)}\b", source):
                raise ValueError(f"must hold {each}")
        return source

    return AfterValidator(check)


def _sms_suffix(source: str) -> str:
    gsm.septets(source)
    return source


class Compliance(Directive):
    """Fixed texts that the law asks for (key `compliance`). They come from files only and are in no test.

    `call_opening` starts each call (47 CFR 64.1200(b), state AI and recording law); `call_rules` end each
    system prompt; `never_say` is refused in any script's spoken or written text.
    """

    lever: Literal[False]
    call_opening: Annotated[Spoken, _holding("persona", "business_name", "AI", "recorded", "stop", "press 9")]
    voicemail_opening: Annotated[Spoken, _holding("persona", "business_name", "AI")]
    voicemail_opt_out: Annotated[Spoken, _holding("opt_out_number")]
    call_rules: Annotated[Prompt, _holding("persona", "business_name", "opt_out_number", "do_not_call")]
    sms_first_message_suffix: Annotated[
        str, Field(max_length=40), _holding("STOP"), AfterValidator(_sms_suffix)
    ]
    sms_opt_out_confirmation: Annotated[SmsBody, _holding("business_name")]
    email_footer: Annotated[str, Field(max_length=600), AfterValidator(_footer), _holding(*FOOTER_FIELDS)]
    never_say: tuple[Annotated[str, Field(min_length=4, max_length=60)], ...]
