"""The client of Vapi's call endpoints: plain httpx, because the SDK repeats a POST by itself.

A repeated `POST /call` is a second phone call, and Vapi knows no idempotency key.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from shared.errors import OutcomeUnknown, ProviderError
from shared.providers.channel import ChannelName, Message, Receipt
from shared.providers.signing import as_dict, as_number, as_text, touch_id
from shared.providers.vapi.errors import classify
from shared.providers.wire import Answer, Json, broken, exchange

PAGE = 100
PAGES = 50
END_CALL = {"type": "end-call"}


def iso(at: datetime) -> str:
    """The time as Vapi's query parameters and plans want it."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class VapiCalls:
    """Places calls, and reads back what became of them. Nothing is retried.

    A message's payload is a whole CreateCallDTO (`shared.providers.vapi.assistant.call_payload`), whose
    `schedulePlan.latestAt` keeps Vapi from dialling after the window.
    """

    name: ChannelName = "call"
    provider = "vapi"

    def __init__(
        self, api_key: str, *, base_url: str = "https://api.vapi.ai", deadline_s: float = 15.0
    ) -> None:
        self._headers = {"Authorization": f"Bearer {api_key}", "Accept": "application/json"}
        self._base = base_url.rstrip("/")
        self.deadline_s = deadline_s

    def send(self, message: Message) -> Receipt:
        """Place one call.

        `details` has Vapi's status and how many calls may run at once. `concurrency_blocked` means that
        Vapi took the call but had no line free: its fate comes by webhook or `get`.
        """
        call = self._request("POST", "/call", effect=True, json=message.payload)
        provider_id = as_text(as_dict(call).get("id"))
        if provider_id is None:
            raise OutcomeUnknown("Vapi accepted a call without naming it.", code="vapi.no_id")
        return Receipt(provider_id, room=_room(as_dict(call)))

    def get(self, provider_id: str) -> dict[str, Any]:
        """One call as Vapi knows it now; read it with `webhook.from_call`."""
        call = self._request("GET", f"/call/{provider_id}")
        if not isinstance(call, dict):
            raise broken(200, provider=self.provider, effect=False)
        return call

    def list_since(self, created_at_ge: datetime, created_at_le: datetime) -> list[dict[str, Any]]:
        """All calls created in the span, newest first, both ends included.

        Vapi filters by time only, so the caller matches on `customer.externalId`. A fresh call may be
        missing for some minutes. Raises `ProviderError` (`vapi.too_many`) beyond 5,000 calls, as a cut list
        would look like calls that were never placed.
        """
        found: dict[str, dict[str, Any]] = {}
        for page in self._pages(created_at_ge, created_at_le):
            found.update({str(call.get("id")): call for call in page})
        return list(found.values())

    def end(self, provider_id: str, *, goodbye: str | None = None) -> bool:
        """Hang up a running call, after saying `goodbye`; False if it has no control channel: it has ended.

        The channel's address is a secret and is therefore asked for each time instead of being stored.
        """
        control = as_text(as_dict(self.get(provider_id).get("monitor")).get("controlUrl"))
        if control is None:
            return False
        order = {"type": "say", "content": goodbye, "endCallAfterSpoken": True} if goodbye else END_CALL
        answer = self._exchange("POST", control, effect=False, json=order)
        if not 200 <= answer.status < 300:
            raise classify(answer.status, answer.json(), answer.headers, effect=False)
        return True

    def erase(self, provider_id: str) -> bool:
        """Delete what Vapi keeps of a call, its recording included; False if it has nothing any more."""
        answer = self._exchange(
            "DELETE", f"{self._base}/call/{provider_id}", effect=False, headers=self._headers
        )
        if answer.status == 404:
            return False
        if not 200 <= answer.status < 300:
            raise classify(answer.status, answer.json(), answer.headers, effect=False)
        return True

    def probe(self) -> None:
        """A free request that raises what a real one would: whether key and service work."""
        self._request("GET", "/assistant", params={"limit": 1})

    def _pages(self, since: datetime, until: datetime) -> Iterator[list[dict[str, Any]]]:
        oldest, seen = iso(until), ""
        for _ in range(PAGES):
            span = {"createdAtGe": iso(since), "createdAtLe": oldest, "limit": PAGE}
            rows = self._request("GET", "/call", params=span)
            if not isinstance(rows, list):
                raise broken(200, provider=self.provider, effect=False)
            yield rows
            seen, oldest = oldest, min((str(row.get("createdAt", oldest)) for row in rows), default=oldest)
            if len(rows) < PAGE:
                return
            if oldest == seen:
                break
        raise ProviderError("Vapi has more calls in this span than can be read.", code="vapi.too_many")

    def _request(self, method: str, path: str, *, effect: bool = False, **request: Json) -> Json:
        answer = self._exchange(method, self._base + path, effect=effect, headers=self._headers, **request)
        body = answer.json()
        if not 200 <= answer.status < 300 or body is None:
            raise classify(answer.status, body, answer.headers, effect=effect)
        return body

    def _exchange(self, method: str, url: str, *, effect: bool, **request: Json) -> Answer:
        return exchange(
            method, url, provider=self.provider, deadline_s=self.deadline_s, effect=effect, **request
        )


def reference_of(call: Mapping[str, Any]) -> str | None:
    """The touch id that a listed call carries; None where it is not ours."""
    return touch_id(as_dict(call.get("customer")).get("externalId"))


def _room(call: dict[str, Any]) -> int | None:
    """How many more calls the account may have at once, those of others included."""
    left = as_number(as_dict(call.get("subscriptionLimits")).get("remainingConcurrentCalls"))
    return None if left is None else int(left)
