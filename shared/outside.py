"""Questions to the outside that change nothing, and one push: a page, a TXT record, a deploy hook.

Behind one small object, so that a simulation can say nothing instead of asking anybody.
"""

from __future__ import annotations

from dataclasses import dataclass

WAIT_S = 8


@dataclass(frozen=True)
class Answer:
    """A page's status and text; status 0 means that nobody answered."""

    status: int
    body: str = ""


class Outside:
    """The real one, over HTTP and the machine's resolver. Nothing here raises for what is wrong out there."""

    def page(self, url: str) -> Answer | None:
        """What an address answers to a GET; None where it could not even be asked."""
        import httpx

        try:
            found = httpx.get(url, timeout=WAIT_S, follow_redirects=True)
        except (httpx.HTTPError, httpx.InvalidURL):
            return Answer(0)
        return Answer(found.status_code, found.text)

    def txt(self, name: str) -> list[str] | None:
        """TXT records of a name, none where there is no such record; None where nobody could be asked."""
        import dns.exception
        import dns.resolver

        try:
            found = dns.resolver.resolve(name, "TXT", lifetime=WAIT_S)
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return []
        except dns.exception.DNSException:
            return None
        return [b"".join(record.strings).decode("utf-8", "replace") for record in found]

    def push(self, url: str) -> int:
        """Ask a hook to act; the status it answered, 0 for no answer."""
        import httpx

        try:
            return httpx.post(url, timeout=WAIT_S).status_code
        except (httpx.HTTPError, httpx.InvalidURL):
            return 0


class Nowhere(Outside):
    """For a simulation: nobody can be asked, which is no finding."""

    def page(self, url: str) -> Answer | None:  # noqa: ARG002 - one shape
        """Not asked."""
        return None

    def txt(self, name: str) -> list[str] | None:  # noqa: ARG002 - one shape
        """Not asked."""
        return None

    def push(self, url: str) -> int:  # noqa: ARG002 - one shape
        """Not pushed."""
        return 0
