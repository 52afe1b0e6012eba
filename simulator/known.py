"""What a judge may know of a world's people and numbers: traits, never a die."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Protocol


class KnownConsent(Protocol):
    """A consent somebody gave, of whatever kind."""

    @property
    def channel(self) -> str:
        """What it is for."""
        ...

    @property
    def given_on(self) -> date:
        """From when on it holds."""
        ...


class KnownPerson(Protocol):
    """What is true of somebody, as far as the law and the owner's lists go."""

    @property
    def identity(self) -> str:
        """Their name in every record."""
        ...

    @property
    def state(self) -> str:
        """Where they are."""
        ...

    @property
    def zone(self) -> str:
        """Their clock."""
        ...

    @property
    def consents(self) -> Sequence[KnownConsent]:
        """All they ever gave."""
        ...

    def consented(self, channel: str, on: date) -> bool:
        """Whether they agreed to this channel by that day, in the form that the law asks for."""
        ...


class KnownPhone(Protocol):
    """What is true of a number."""

    @property
    def mobile(self) -> bool:
        """Whether it is a cell phone."""
        ...


class KnownWorld(Protocol):
    """The people of a world."""

    @property
    def people(self) -> Mapping[str, KnownPerson]:
        """Everybody by name."""
        ...

    def phone(self, number: str) -> KnownPhone | None:
        """The truth about a number, if it is anybody's."""
        ...
