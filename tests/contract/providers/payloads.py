"""Reads the payload files."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent.parent / "payloads"
TOUCH = "7f0d6c1e-0000-5000-8000-000000000001"
NOW = datetime(2026, 11, 20, 15, 2, tzinfo=UTC)


def payload(provider: str, name: str) -> Any:
    """One file, parsed."""
    return json.loads((FOLDER / provider / f"{name}.json").read_text())


def raw(provider: str, name: str) -> bytes:
    """One file as a request body."""
    return (FOLDER / provider / f"{name}.json").read_bytes()


def files(provider: str, *prefixes: str) -> list[str]:
    """The names of a provider's files that begin so."""
    found = sorted(path.stem for path in (FOLDER / provider).glob("*.json"))
    return [name for name in found if name.startswith(prefixes)]
