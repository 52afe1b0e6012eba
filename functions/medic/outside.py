"""Questions to the outside that send nothing: a web page, a TXT record."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

WAIT_S = 8


@dataclass(frozen=True)
class Answer:
    """A page's status and text; status 0 means no answer at all."""

    status: int
    body: str = ""


Fetch = Callable[[str], Answer]
Dns = Callable[[str], Sequence[str] | None]
"""TXT records of a name, none where there is no such record; None where nobody could be asked."""


def fetch(url: str) -> Answer:
    """Ask for a page; whatever keeps it from answering is status 0."""
    import httpx

    try:
        found = httpx.get(url, timeout=WAIT_S, follow_redirects=True)
    except (httpx.HTTPError, httpx.InvalidURL):
        return Answer(0)
    return Answer(found.status_code, found.text)


def txt_records(name: str) -> list[str] | None:
    """Ask the machine's resolver."""
    import dns.exception
    import dns.resolver

    try:
        found = dns.resolver.resolve(name, "TXT", lifetime=WAIT_S)
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return []
    except dns.exception.DNSException:
        return None
    return [b"".join(record.strings).decode("utf-8", "replace") for record in found]
