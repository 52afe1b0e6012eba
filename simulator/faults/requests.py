"""Faults of single requests to providers, decided at the wire before anything is done."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, get_args

from simulator.faults import entries
from simulator.faults.planned import Plan, Planned, on_now
from simulator.faults.verdicts import Behind, Refusal, Slow, Verdict

if TYPE_CHECKING:
    from simulator.wire.http import Request

PARTY_FIELDS = ("to", "To", "email", "contactId", "title", "id", "query")
PointFault = (
    entries.Dropped
    | entries.TakesLong
    | entries.ListLags
    | entries.ListDown
    | entries.ErrorAnswer
    | entries.RateLimited
    | entries.QuotaReached
)


class RequestFaults:
    """Says what becomes of a request. Of several faults the first in the file that hits it counts.

    The die belongs to the operation, to whom the request is about, and to its number among those, so that
    neither the order of requests nor ids that callers make up change who is hit.
    """

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._faults: list[Planned[Any]] = plan.of(*get_args(PointFault))
        self._down: list[Planned[entries.ProviderDown]] = []
        for fault in plan.of(entries.ProviderDown):
            self._down += plan.spans([fault], fault.entry.provider)
        self._counts: Counter[tuple[str, str, str]] = Counter()

    def verdict(self, point: str, request: Request, now: datetime) -> Verdict | None:
        """What becomes of this request, or None when nothing does."""
        provider = point.partition(".")[0]
        if any(fault.entry.provider == provider for fault in on_now(self._down, now)):
            return "refuse"
        for fault in on_now(self._faults, now):
            if any(fnmatchcase(point, pattern) for pattern in fault.entry.points):
                party = party_of(request)
                self._counts[fault.name, point, party] += 1
                if fault.hits(point, party, self._counts[fault.name, point, party]):
                    verdict = verdict_of(fault.entry)
                    self._plan.note(fault, now, f"{point} {party}", until=_until(verdict, now))
                    return verdict
        return None


def verdict_of(entry: PointFault) -> Verdict:
    """What this fault makes of a request."""
    match entry:
        case entries.Dropped():
            return "drop"
        case entries.TakesLong():
            return Slow(entry.takes, lost=entry.kind == "timed_out")
        case entries.ListLags():
            return Behind(entry.by)
        case entries.ListDown():
            return Refusal(503)
        case entries.ErrorAnswer():
            return Refusal(entry.status)
        case entries.RateLimited():
            return Refusal(429, entry.retry_after)
        case entries.QuotaReached():
            return Refusal(quota=True)


def _until(verdict: Verdict, now: datetime) -> datetime | None:
    span = {Slow: "takes", Refusal: "retry_after"}.get(type(verdict))
    after = getattr(verdict, span) if span else None
    return now + after if isinstance(after, timedelta) else None


def party_of(request: Request) -> str:
    """Whom a request is about: a number or an address in its body, else what its path names."""
    fields = _fields(request)
    customer = fields.get("customer")
    if isinstance(customer, dict) and customer.get("number"):
        return str(customer["number"])
    for name in PARTY_FIELDS:
        value = fields.get(name)
        if value:
            return ",".join(map(str, value)) if isinstance(value, list) else str(value)
    return request.path


def _fields(request: Request) -> Mapping[str, Any]:
    if request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        return request.form()
    return request.fields()
