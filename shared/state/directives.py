"""Versions of directives and which are in force."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict

from shared.state.transport import Transport


class Heads(BaseModel):
    """`heads` are rows {key, kind, content_hash, text, revision, author}; `release` is None at first."""

    model_config = ConfigDict(frozen=True)

    release: str | None
    heads: tuple[dict[str, Any], ...]


class DirectiveVersions:
    """Verbs over directive versions. The head revision in the database is in force, not the file."""

    def __init__(self, transport: Transport) -> None:
        self._call = transport.call

    def seed(self, files: Sequence[dict[str, Any]], *, release: str) -> list[str]:
        """Offer a deploy's files {key, kind, hash, text}; answers the keys that became a new revision."""
        return [row["key"] for row in self._call("seed_directives_v1", files=list(files), release=release)]

    def heads(self) -> Heads:
        """All versions in force, and the release whose files were last offered."""
        return Heads.model_validate(self._call("directive_heads_v1"))
