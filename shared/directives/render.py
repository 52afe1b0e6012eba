"""A script and the facts of one lead, made into what is sent. Pure: same input, same bytes."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from jinja2.sandbox import SandboxedEnvironment
from markupsafe import Markup, escape

from shared.directives import gsm
from shared.directives.fields import clean, context, fill
from shared.directives.models import CallScript, Compliance, EmailScript, SmsScript, Voice
from shared.errors import ConfigurationError

_LONGEST_SUBJECT = 150
# A text that does not fit is tried again with shorter lead values; our own words are never cut.
_SMS_VALUE_LENGTHS = (80, 40, 30, 24, 18, 12)

_HTML = SandboxedEnvironment(autoescape=True, trim_blocks=True, lstrip_blocks=True).from_string(
    """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>{{ subject }}</title></head>
<body style="font-family:Arial,sans-serif;font-size:15px;line-height:1.5;color:#222">
{% for paragraph in paragraphs %}
<p dir="auto">{{ paragraph }}</p>
{% endfor %}
<p dir="auto" style="font-size:12px;color:#666">{{ footer }}</p>
</body>
</html>
"""
)


@dataclass(frozen=True)
class RenderedEmail:
    """The parts of one email. `subject` is one line and safe as a header value."""

    subject: str
    text: str
    html: str


@dataclass(frozen=True)
class RenderedSms:
    """One text message, one GSM-7 segment."""

    text: str


@dataclass(frozen=True)
class RenderedCall:
    """What the voice assistant is given. It has no braces: the calling service evaluates what is in them."""

    persona: str
    voice: Voice
    first_message: str
    system_prompt: str
    voicemail: str


def header_value(value: object) -> str:
    """A value that may stand in a mail header: one line without control characters, at most 150 long."""
    return clean(value, longest=_LONGEST_SUBJECT)


def render_email(
    script: EmailScript,
    fields: Mapping[str, object],
    *,
    compliance: Compliance,
    unsubscribe_url: str,
    postal_address: str,
    business_name: str,
) -> RenderedEmail:
    """One email with its footer. Raises ConfigurationError when an own fact that it prints is missing."""
    merged = context({**fields, "persona": script.persona, "business_name": business_name})
    footer = _footer(
        compliance,
        business_name=business_name,
        postal_address=_one_line(postal_address),
        unsubscribe_url=unsubscribe_url,
    )
    subject = header_value(fill(script.subject, merged))
    body = _tidy(fill(script.body, merged))
    booking_url = merged.get("booking_url", "")
    html = _HTML.render(
        subject=subject,
        paragraphs=[_linked(each, booking_url) for each in body.split("\n\n")],
        footer=_linked(footer, unsubscribe_url),
    )
    return RenderedEmail(subject, f"{body}\n\n{footer}\n", html)


def render_sms(
    script: SmsScript,
    fields: Mapping[str, object],
    *,
    compliance: Compliance,
    business_name: str,
    dispensable: Collection[str] = (),
) -> RenderedSms:
    """One text of at most 160 places, closed by the way to opt out. Long lead values are shortened to fit.

    The `dispensable` fields are left out when shortening is not enough. Raises ConfigurationError when our
    own words alone are too long, or an own fact is missing.
    """
    values = {**fields, "persona": script.persona, "business_name": business_name}
    fewer = {name: value for name, value in values.items() if name not in dispensable}
    for some in (values, fewer):
        for longest in _SMS_VALUE_LENGTHS:
            merged = context(some, longest=longest, fold=gsm.fold)
            text = " ".join(fill(script.body, merged).split())
            if compliance.sms_first_message_suffix not in text:
                text = f"{text} {compliance.sms_first_message_suffix}"
            if gsm.septets(text) <= gsm.ONE_SEGMENT:
                return RenderedSms(text)
    raise ConfigurationError("a text message is too long: shorten the script, business name or booking link")


def render_opt_out_confirmation(compliance: Compliance, *, business_name: str) -> RenderedSms:
    """The one text that may follow an opt-out, within 5 minutes, without marketing."""
    merged = context({"business_name": business_name}, fold=gsm.fold)
    return RenderedSms(" ".join(fill(compliance.sms_opt_out_confirmation, merged).split()))


def render_call(
    script: CallScript,
    fields: Mapping[str, object],
    *,
    compliance: Compliance,
    business_name: str,
    opt_out_number: str,
) -> RenderedCall:
    """One call. Identity, AI and recording come first, the fixed rules close the prompt.

    Raises ConfigurationError when the business name or the number to opt out is missing: such a call is
    not lawful (47 CFR 64.1200(b)).
    """
    own = {"persona": script.persona, "business_name": business_name, "opt_out_number": opt_out_number}
    merged = context({**fields, **own}, fold=_speakable)

    def said(*templates: str) -> str:
        return _without_braces(" ".join(" ".join(fill(each, merged).split()) for each in templates))

    return RenderedCall(
        persona=script.persona,
        voice=script.voice,
        first_message=said(compliance.call_opening, script.opener),
        system_prompt=_without_braces(
            _tidy(fill(script.body, merged)) + "\n\n" + _tidy(fill(compliance.call_rules, merged))
        ),
        voicemail=said(compliance.voicemail_opening, script.voicemail, compliance.voicemail_opt_out),
    )


def _footer(compliance: Compliance, **facts: str) -> str:
    merged = {name: text for name, value in facts.items() if (text := clean(value, longest=2_000))}
    return _tidy(fill(compliance.email_footer, merged))


def _one_line(address: str) -> str:
    return ", ".join(line.strip(" ,") for line in address.splitlines() if line.strip(" ,"))


def _tidy(text: str) -> str:
    """No trailing space, and no more than one empty line, which an unused `{% if %}` may leave."""
    lines = "\n".join(line.rstrip() for line in text.splitlines())
    return re.sub(r"\n{3,}", "\n\n", lines).strip()


def _linked(text: str, url: str) -> Markup:
    """Escaped text with line breaks, in which our own web address is a link. Nobody else's ever is."""
    html = escape(text)
    if url.startswith(("https://", "http://")):
        html = html.replace(escape(url), Markup('<a href="{0}">{0}</a>').format(url))
    return html.replace("\n", Markup("<br>\n"))


def _speakable(text: str) -> str:
    """Simple quotes for double ones: the prompt puts lead facts between those; a fact must not end them."""
    return re.sub(r"[\"“”„«»]", "'", text)


def _without_braces(text: str) -> str:
    return text.replace("{", "(").replace("}", ")")
