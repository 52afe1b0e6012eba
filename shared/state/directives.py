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
        self._last: tuple[str | None, Heads] = (None, Heads(release=None, heads=()))

    def seed(self, files: Sequence[dict[str, Any]], *, release: str) -> list[str]:
        """Offer a deploy's files {key, kind, hash, text}; answers the keys that became a new revision."""
        return [row["key"] for row in self._call("seed_directives_v1", files=list(files), release=release)]

    def heads(self) -> Heads:
        """All versions in force, and the release whose files were last offered.

        Who has asked before is only told what changed since: the texts are long.
        """
        known, last = self._last
        answer = self._call("directive_heads_v2", known_mark=known)
        if answer["found"] is not None:
            last = Heads.model_validate(answer["found"])
        self._last = (answer["mark"], last)
        return last
