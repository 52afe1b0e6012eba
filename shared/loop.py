"""The loop: everything a stage stands on, built once per invocation."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any
from uuid import UUID
from zoneinfo import ZoneInfo

from shared.clock import worker_now
from shared.config import Settings
from shared.errors import ConfigurationError
from shared.lease import Lease
from shared.outside import Outside
from shared.spool import Spool
from shared.state import State

if TYPE_CHECKING:
    from shared.clock import Clock
    from shared.directives.book import Book, Version
    from shared.experiments import TestsInForce
    from shared.gate import Rules
    from shared.providers.registry import Providers


def _cannot_start(stage: str) -> object:
    raise ConfigurationError(f"{stage} cannot be started from here: no scheduler belongs to this process.")


def no_fault(_point: str, _id: UUID, _try: int) -> None:
    """Production: nothing goes wrong on purpose."""


@dataclass
class Loop:
    """State, providers, directives, clock and settings for one invocation of a stage.

    `began` is when the runner placed this run. `may_send` is the runner's permission; the gate and
    `begin_send` ask again. A `read_only` loop previews. `pause` waits for a provider's pace; a simulation
    moves its clock instead. `start` starts another stage without waiting for it. `stopwatch` (seconds)
    and `worker_clock` are this machine's: to be measured, never to decide by. `outside` asks for pages
    and records. `spool` keeps what comes once while the database is away. `fault` is told each point that
    a send has passed (`claimed`, `begun`, `sent`, `recorded`) with its id and try; crash tests die there.
    Directives are read from the database on first use, never from files.
    """

    settings: Settings
    state: State
    providers: Providers
    began: datetime | None = None
    may_send: bool = False
    read_only: bool = False
    lease: Lease = field(default_factory=lambda: Lease(300))
    pause: Callable[[float], None] = time.sleep
    start: Callable[[str], object] = _cannot_start
    stopwatch: Callable[[], float] = time.monotonic
    worker_clock: Callable[[], datetime] = worker_now
    outside: Outside = field(default_factory=Outside)
    spool: Spool = field(default_factory=lambda: Spool({}))
    fault: Callable[[str, UUID, int], None] = no_fault
    log: logging.Logger = field(default_factory=lambda: logging.getLogger("growthloop"))

    @property
    def clock(self) -> Clock:
        """The database's clock."""
        return self.state.clock

    def opened(self) -> datetime:
        """When this run began, by the database's clock: for the day it is. An intent asks the clock anew."""
        return self.began or self.clock.now()

    @property
    def zone(self) -> ZoneInfo:
        """The owner's zone: days and stages are counted in it."""
        return ZoneInfo(self.settings.timezone)

    @cached_property
    def book(self) -> Book:
        """All directives in force. Raises `DirectiveError` listing every mistake in them.

        The heads in the database are in force. The first stage of a new release offers its files to them;
        a preview, which writes nothing, shows the files as they would be.
        """
        from shared.directives import Book, Version, read, release_of, seed_payload

        found = self.state.directives.heads()
        if self.settings.release is None or found.release != self.settings.release:
            files = read()
            release = self.settings.release or release_of(files)
            if found.release != release:
                proposed = Book.from_files(files)
                if self.read_only:
                    return proposed
                self.state.directives.seed(seed_payload(files), release=release)
                found = self.state.directives.heads()
        return _parsed(tuple(Version(**head) for head in found.heads))

    @property
    def rules(self) -> Rules:
        """The gate's rules in force."""
        return self.book.rules

    @cached_property
    def tests(self) -> TestsInForce:
        """The tests that run now, as this invocation of a stage found them."""
        from shared.experiments import TestsInForce

        return TestsInForce.of(self.state.experiments.in_force())

    @cached_property
    def owner_settings(self) -> dict[str, Any]:
        """What the owner decided at run time."""
        return self.state.settings.all()

    def close(self) -> None:
        """Give back what was opened."""
        self.state.close()


@lru_cache(maxsize=2)
def _parsed(versions: tuple[Version, ...]) -> Book:
    """Versions are immutable, so a process that runs many stages parses them once."""
    from shared.directives import Book

    return Book.from_versions(versions)


def build(
    settings: Settings, start: Callable[[str], object] = _cannot_start, spool: Spool | None = None
) -> Loop:
    """A loop over the configured database and providers. Nothing is contacted yet."""
    from shared.providers.registry import Providers
    from shared.state.connect import connect

    return Loop(
        settings=settings,
        state=State(connect(settings), settings.installation_id),
        providers=Providers(settings),
        start=start,
        spool=spool or Spool({}),
    )
