"""What is going to happen, in the order of the world's time."""

from __future__ import annotations

import heapq
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from threading import Lock
from typing import Literal

Scheme = Literal["svix", "twilio", "vapi", "rb2b", "none"]


@dataclass(frozen=True)
class Effect:
    """What the person did by this delivery, true from the moment it arrives.

    `stop` says never to contact them again; `act` names an answer of their own (`positive`, `booked`,
    `callback` …).
    """

    stop: bool = False
    act: str | None = None


@dataclass(frozen=True)
class Delivery:
    """One request the world will make to the loop: a webhook, or a person using a link.

    `n` is the number of the contact it belongs to and `order` its place in it. `retries` are the waits
    after each attempt that did not get a 2xx answer; an empty tuple means that the sender gives up.
    `judged` deliveries are let alone by faults, `forged` ones are signed by somebody who guesses.
    """

    at: datetime
    person: str
    channel: str
    n: int
    order: int
    kind: str
    scheme: Scheme
    url: str
    body: bytes
    content_type: str
    event_id: str
    method: Literal["POST", "GET"] = "POST"
    retries: tuple[timedelta, ...] = ()
    effect: Effect = Effect()
    attempt: int = 0
    judged: bool = False
    forged: bool = False

    def key(self) -> tuple[datetime, str, str, int, str, int, int, str]:
        """Decides between deliveries of one instant, so that no run depends on who asked first."""
        return (
            self.at,
            self.person,
            self.channel,
            self.n,
            self.kind,
            self.order,
            self.attempt,
            self.event_id,
        )

    def again(self, now: datetime) -> Delivery | None:
        """The next attempt after a failure at `now`, or None when the sender gives up."""
        if not self.retries:
            return None
        wait, *rest = self.retries
        return replace(self, at=now + wait, retries=tuple(rest), attempt=self.attempt + 1)


class Agenda:
    """A heap of future deliveries; safe to fill from the server's threads."""

    def __init__(self) -> None:
        self._heap: list[tuple[tuple[object, ...], Delivery]] = []
        self._lock = Lock()
        self._cut: set[Scheme] = set()

    def __len__(self) -> int:
        with self._lock:
            return len(self._heap)

    def add(self, *deliveries: Delivery) -> None:
        """Put deliveries on the agenda; a moment already past is due at once."""
        with self._lock:
            for delivery in deliveries:
                heapq.heappush(self._heap, (delivery.key(), delivery))

    def due(self, now: datetime) -> list[Delivery]:
        """Take off everything due by `now`, earliest first."""
        with self._lock:
            taken = []
            while self._heap and self._heap[0][1].at <= now:
                taken.append(heapq.heappop(self._heap)[1])
            return taken

    def next_at(self) -> datetime | None:
        """When the next delivery is due, or None when nothing is left."""
        with self._lock:
            return self._heap[0][1].at if self._heap else None

    def next_of(self, delivery: Delivery) -> Delivery | None:
        """The next delivery of the same sender about the same contact, if one is to come."""
        mine = (delivery.scheme, delivery.person, delivery.channel, delivery.n)
        with self._lock:
            others = [
                (key, other)
                for key, other in self._heap
                if (other.scheme, other.person, other.channel, other.n) == mine and not other.judged
            ]
        return min(others, key=lambda each: each[0])[1] if others else None

    def cut(self, scheme: Scheme) -> None:
        """This sender has disconnected us: nothing of it comes any more."""
        with self._lock:
            self._cut.add(scheme)

    def connect(self, scheme: Scheme) -> None:
        """Somebody has connected this sender again by hand."""
        with self._lock:
            self._cut.discard(scheme)

    def is_cut(self, scheme: Scheme) -> bool:
        """Whether this sender has disconnected us."""
        with self._lock:
            return scheme in self._cut
