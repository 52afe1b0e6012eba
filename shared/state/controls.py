"""The owner's switches and settings that live in the database."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from shared.state.transport import Transport


class LiveStatus(BaseModel):
    """Whether this installation may send, and if not, which lock holds; `now` by the database's clock.

    `in_flight_at_switch`: what the kill switch came too late for, since it had passed `begin_send`.
    """

    model_config = ConfigDict(frozen=True)

    now: datetime
    on: bool
    installation_id: UUID | None
    app: str | None
    installation_matches: bool
    database_matches: bool
    may_send: bool
    kill_switch: bool
    kill_switch_reason: str | None
    in_flight_at_switch: int = 0


class Live:
    """The go-live row and the kill switch. One write stops every send that has not passed `begin_send`."""

    def __init__(self, transport: Transport, installation_id: UUID) -> None:
        self._call = transport.call
        self._installation_id = installation_id

    def status(self) -> LiveStatus:
        """The switches as this installation sees them."""
        return LiveStatus.model_validate(
            self._call("live_status_v1", installation_id=str(self._installation_id))
        )

    def turn_on(self, *, app: str, actor: str) -> None:
        """Store this installation together with this very database; a restored copy no longer matches."""
        self._set(True, app, actor)

    def turn_off(self, *, app: str, actor: str) -> None:
        """Stop sending until `turn_on`."""
        self._set(False, app, actor)

    def set_kill_switch(self, on: bool, *, reason: str, actor: str) -> None:
        """Stop, or allow again, every channel at once."""
        self._call("set_kill_switch_v1", kill_switch=on, reason=reason, actor=actor)

    def _set(self, live: bool, app: str, actor: str) -> None:
        self._call("set_live_v1", live=live, installation_id=str(self._installation_id), app=app, actor=actor)


class OwnerSettings:
    """What the owner decides at run time: states opted in for business lines, registrations held."""

    def __init__(self, transport: Transport) -> None:
        self._call = transport.call

    def all(self) -> dict[str, Any]:
        """Every setting by key."""
        return dict(self._call("get_settings_v1"))

    def put(self, key: str, value: Any, *, actor: str) -> None:
        """Write one setting."""
        self._call("put_setting_v1", key=key, value=value, actor=actor)
