"""What was noticed of the faults that were injected, and what was truly repaired."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import fmean
from typing import Any

from simulator.score.claims import ClaimedIncident
from simulator.truth import Injected

LATEST_NOTICE = timedelta(hours=4)
PROVIDERS = {"svix": "resend"}
"""Webhooks are signed by another name than their provider's."""


@dataclass(frozen=True)
class Found:
    """One fault beside the loop's first incident about it."""

    fault: Injected
    incident: ClaimedIncident | None

    @property
    def noticed_s(self) -> float:
        """Seconds from injection to the first sight; 0 where the trouble was already known."""
        assert self.incident is not None  # noqa: S101 - asked of what was noticed only
        return max(0.0, (self.incident.opened_at - self.fault.at).total_seconds())

    @property
    def claims_repair(self) -> bool:
        """Whether the loop says it is over."""
        return self.incident is not None and self.incident.closed_at is not None

    @property
    def wrong(self) -> bool:
        """Called repaired while the fault still lasted, or without a look that found it gone."""
        closed = self.incident.closed_at if self.incident else None
        if self.incident is None or closed is None:
            return False
        return closed < self.fault.until or not self.incident.checked

    @property
    def repaired(self) -> bool:
        """Called repaired, checked, and it was."""
        return self.claims_repair and not self.wrong

    @property
    def repair_s(self) -> float:
        """Seconds from injection to the look that found it gone."""
        closed = self.incident.closed_at if self.incident else None
        assert closed is not None  # noqa: S101 - asked of what was repaired only
        return (closed - self.fault.at).total_seconds()


def judge_faults(
    injected: Sequence[Injected], incidents: Sequence[ClaimedIncident], end: datetime
) -> dict[str, dict[str, Any]]:
    """By kind of fault: how many came, had to be noticed, were, and what became of them.

    Times are means in seconds, None of nothing. A kind that nobody has to notice says why, and no more.
    """
    came = Counter(each.kind for each in injected if each.at <= end)
    excuses = {each.kind: each.excuse for each in injected}
    kinds: dict[str, list[Found]] = {kind: [] for kind in sorted(came)}
    for found in looked_for(injected, incidents, end):
        kinds[found.fault.kind].append(found)
    return {
        kind: {"injected": came[kind], "excuse": excuses[kind], **_counted(found)}
        for kind, found in kinds.items()
    }


def looked_for(
    injected: Sequence[Injected], incidents: Sequence[ClaimedIncident], end: datetime
) -> Iterator[Found]:
    """Each fault up to `end` that can be noticed, beside the loop's first incident about it.

    An incident is about a fault when it speaks of what was struck, by whatever name for the trouble, and was
    open, or was opened while the fault lasted or within 4 hours after; what was over by then it explains only
    if nothing struck the same place since. Of what cannot be noticed nothing is expected: it is not counted.
    """
    faults = [each for each in injected if each.detectable and each.at <= end]
    newest = [_newest(each, faults) for each in incidents]
    for fault in faults:
        fitting = [i for i, at in zip(incidents, newest, strict=True) if _is_about(i, fault, at)]
        yield Found(fault, min(fitting, key=lambda each: (each.opened_at, each.kind), default=None))


def _counted(found: Sequence[Found]) -> dict[str, Any]:
    noticed = [each for each in found if each.incident is not None]
    repaired = [each for each in noticed if each.repaired]
    return {
        "to_notice": len(found),
        "detected": len(noticed),
        "repaired": len(repaired),
        "wrongly_repaired": sum(each.wrong for each in noticed),
        "mttd_s": _mean([each.noticed_s for each in noticed]),
        "mttr_s": _mean([each.repair_s for each in repaired]),
    }


def _newest(incident: ClaimedIncident, faults: Sequence[Injected]) -> datetime | None:
    """When this place was last struck before the incident was opened."""
    before = (each.at for each in faults if each.at <= incident.opened_at and _same(each, incident))
    return max(before, default=None)


def _is_about(incident: ClaimedIncident, fault: Injected, newest: datetime | None) -> bool:
    if not _same(fault, incident):
        return False
    if incident.opened_at <= fault.at:
        return incident.closed_at is None or incident.closed_at > fault.at
    lasts = incident.opened_at <= fault.until
    return lasts or (fault.at == newest and incident.opened_at - fault.until <= LATEST_NOTICE)


def _same(fault: Injected, incident: ClaimedIncident) -> bool:
    return same_target(fault.target, incident.target)


def same_target(struck: str, named: str) -> bool:
    """Whether the loop's name for what is broken means what was struck: `vapi` holds `vapi.create_call`."""
    ours, theirs = _parts(struck), _parts(named)
    short, long = sorted((ours, theirs), key=len)
    return bool(short) and long[: len(short)] == short


def _parts(target: str) -> list[str]:
    first, *rest = target.partition(" ")[0].split(".") if target else [""]
    return [PROVIDERS.get(first, first), *rest] if first else []


def _mean(values: Sequence[float]) -> float | None:
    return round(fmean(values), 1) if values else None
