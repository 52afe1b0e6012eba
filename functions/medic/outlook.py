"""What a round asks outside: our own pages for the watch; domains and status pages for the medic."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from shared.errors import ConfigurationError, ProviderError
from shared.loop import Loop

if TYPE_CHECKING:
    from functions.medic.probes import Tier

STATUS_PAGES: Mapping[str, str] = {
    "vapi": "https://status.vapi.ai/index.json",
    "resend": "https://resend-status.com/api/v2/status.json",
    "twilio": "https://status.twilio.com/api/v2/status.json",
}
"""Better Stack's form for Vapi, Statuspage's for the others."""


@dataclass(frozen=True)
class Outlook:
    """What was found outside. A name that is not in a mapping was not asked, which is no finding.

    `pages`: status by what the page is (`web endpoint`, `website`), 0 for no answer. `domains`: what is wrong
    with a sending domain, empty where nothing is. `providers`: trouble its own status page admits.
    """

    pages: Mapping[str, int] = field(default_factory=dict)
    domains: Mapping[str, str] = field(default_factory=dict)
    providers: Mapping[str, str] = field(default_factory=dict)


def look_out(loop: Loop, tier: Tier) -> Outlook:
    """Ask. Nothing out there can make this fail."""
    pages = _pages(loop)
    if tier == "watch":
        return Outlook(pages)
    return Outlook(pages, _domains(loop), _providers(loop))


def _pages(loop: Loop) -> dict[str, int]:
    settings = loop.settings
    addresses = {
        "web endpoint": f"{settings.public_url.rstrip('/')}/health" if settings.public_url else None,
        "website": settings.website_url,
    }
    answers = {name: loop.outside.page(url) for name, url in addresses.items() if url}
    return {name: answer.status for name, answer in answers.items() if answer is not None}


def _domains(loop: Loop) -> dict[str, str]:
    domains = loop.settings.sending_domains
    if not domains:
        return {}
    try:
        verified = loop.providers.email.verified_domains()
    except (ProviderError, ConfigurationError):
        return {}  # a provider that is down is another probe's
    found = {domain: _trouble(loop, domain, domain in verified) for domain in domains}
    return {domain: trouble for domain, trouble in found.items() if trouble is not None}


def _trouble(loop: Loop, domain: str, verified: bool) -> str | None:
    if not verified:
        return "not verified (SPF, DKIM)"
    policy = dmarc(loop, domain)
    return None if policy is None else "" if policy else "no DMARC policy"


def dmarc(loop: Loop, domain: str) -> bool | None:
    """Whether the domain, or the one above it, has a DMARC policy; None where nobody could be asked."""
    parent = domain.partition(".")[2]
    answers = [loop.outside.txt(f"_dmarc.{name}") for name in (domain, parent) if "." in name]
    if any(text.lower().startswith("v=dmarc1") for found in answers if found for text in found):
        return True
    return None if None in answers else False


def _providers(loop: Loop) -> dict[str, str]:
    found = {}
    for provider, url in STATUS_PAGES.items():
        answer = loop.outside.page(url)
        if answer is not None and answer.status == 200:
            found[provider] = admitted(answer.body)
    return found


def admitted(body: str) -> str:
    """The trouble that a status page admits, in its own word; empty when it says that all is well."""
    try:
        page = json.loads(body)
        if "status" in page:
            word = str(page["status"]["indicator"])
        else:
            word = str(page["data"]["attributes"]["aggregate_state"])
    except (ValueError, KeyError, TypeError):
        return ""  # a page that cannot be read admits nothing
    return "" if word in ("none", "operational") else word[:40]
