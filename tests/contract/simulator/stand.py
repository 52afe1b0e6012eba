"""A server with Ada behind it, and what it sends, caught."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl

import httpx

from simulator.agenda import Agenda, Delivery
from simulator.clock import VirtualClock
from simulator.credentials import Credentials
from simulator.faults import Faults
from simulator.webhooks import deliver_due
from simulator.wire import WireServer
from simulator.wire.backstage import Fault
from simulator.wire.server import no_fault
from simulator.world import World
from tests.unit.simulator.worlds import MONDAY

KEYS = Credentials()


@dataclass(frozen=True)
class Sent:
    """One webhook as it went out."""

    at: datetime
    url: str
    headers: Mapping[str, str]
    raw: bytes

    @property
    def body(self) -> Any:
        return json.loads(self.raw)

    @property
    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.raw.decode(), keep_blank_values=True))


@dataclass
class Stand:
    """The server, its clock and agenda, and a client of its own."""

    server: WireServer
    clock: VirtualClock
    agenda: Agenda
    http: httpx.Client
    sent: list[Sent] = field(default_factory=list)
    visited: list[str] = field(default_factory=list)
    page: str = ""

    def vapi(self, method: str, path: str, **request: Any) -> httpx.Response:
        headers = {"authorization": f"Bearer {KEYS.vapi_key}"}
        return self.http.request(method, self.server.urls.vapi + path, headers=headers, **request)

    def run_dry(self) -> list[Sent]:
        """Deliver everything on the agenda, moving the clock along."""
        while (at := self.agenda.next_at()) is not None:
            self.clock.advance_to(at)
            self.deliver()
        return self.sent

    def deliver(self) -> None:
        """Deliver what is due."""
        signer, record = self.server.signer, self.server.record
        deliver_due(self.agenda, self.clock, self._post, signer=signer, record=record, get=self._get)

    def planned(self) -> list[Delivery]:
        """What is on the agenda, left where it is."""
        found = self.agenda.due(datetime.max.replace(tzinfo=MONDAY.tzinfo))
        self.agenda.add(*found)
        return found

    def _post(self, url: str, headers: Mapping[str, str], raw: bytes) -> int:
        self.sent.append(Sent(self.clock.now, url, headers, raw))
        return 200

    def _get(self, url: str, _headers: Mapping[str, str]) -> tuple[int, str]:
        self.visited.append(url)
        return 200, self.page


@contextmanager
def standing(
    world: World,
    *,
    start: datetime = MONDAY,
    fault: Fault = no_fault,
    faults: Faults | None = None,
    lines: int = 10,
) -> Iterator[Stand]:
    """A running server; fails at the end if one of the fakes had a bug."""
    clock, agenda, keys = VirtualClock(start), Agenda(), replace(KEYS, vapi_concurrency=lines)
    with WireServer(world, clock, agenda, keys, fault=fault, faults=faults) as server, httpx.Client() as http:
        yield Stand(server, clock, agenda, http)
        assert server.errors == []
