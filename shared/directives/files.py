"""Directives as files: find them, normalise them, hash them. Nothing is parsed here.

Stages never call this: they read heads from the database. It serves seeding and `growthloop directives`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from shared.directives.models import Kind
from shared.errors import ConfigurationError, DirectiveError
from shared.frontmatter import near_miss

ROOT = Path(__file__).resolve().parents[2] / "directives"

_SINGLE: dict[str, Kind] = {
    "outreach": "outreach",
    "compliance": "compliance",
    "medic": "medic",
    "ideas": "ideas",
}
_FOLDERS: dict[str, Kind] = {
    "playbooks": "playbook",
    "scripts": "script",
    "reports": "report",
    "rules": "rules",
    "prompts": "prompt",
}
_NOT_DIRECTIVES = ("templates/", "README")


@dataclass(frozen=True)
class DirectiveFile:
    """One file of `directives/`: `key` is its path without `.md`, `text` is normalised."""

    key: str
    kind: Kind
    text: str
    content_hash: str


def kind_of(key: str) -> Kind:
    """The kind that a key's place in the folder gives it. Raises DirectiveError for a place that has none."""
    folder, slash, name = key.partition("/")
    kind = _FOLDERS.get(folder) if slash else _SINGLE.get(key)
    if slash and kind and not re.fullmatch(r"[a-z0-9][a-z0-9_]*", name):
        raise DirectiveError(f"{key}.md: a name holds only small letters, digits and _")
    if kind is None:
        places = [*_SINGLE, *(f"{each}/<name>" for each in _FOLDERS)]
        meant = near_miss(folder, (*_SINGLE, *_FOLDERS)) if folder not in _FOLDERS else ""
        raise DirectiveError(f"{key}.md: is in no known place ({', '.join(places)}){meant}")
    return kind


def normalised(text: str) -> str:
    """The text that is stored and hashed: LF, no trailing space, no byte-order mark, one final line end."""
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return "\n".join(line.rstrip(" \t") for line in lines).strip("\n") + "\n"


def content_hash(text: str) -> str:
    """SHA-256 of the normalised text, in hex: the same on every machine, editor and checkout."""
    return hashlib.sha256(normalised(text).encode()).hexdigest()


def read(root: Path | None = None) -> list[DirectiveFile]:
    """All directives under `root` (default: the folder shipped with the code), ordered by key.

    Raises ConfigurationError when the folder is missing or holds none, and one DirectiveError that names
    every file which is in no known place or is not UTF-8. README files and `templates/` are no directives.
    """
    folder = root or ROOT
    paths = {path.relative_to(folder).with_suffix("").as_posix(): path for path in folder.rglob("*.md")}
    found: list[DirectiveFile] = []
    mistakes: list[str] = []
    for key in sorted(paths):
        if key.startswith(_NOT_DIRECTIVES) or key.endswith("/README"):
            continue
        try:
            found.append(_file(key, paths[key]))
        except DirectiveError as error:
            mistakes.append(str(error))
    if mistakes:
        raise DirectiveError("\n".join(mistakes))
    if not found:
        raise ConfigurationError("no directives found: the directives folder is missing or empty")
    return found


def release_of(files: Iterable[DirectiveFile]) -> str:
    """Names this set of files, so that a deploy is seeded once."""
    names = "\n".join(f"{each.key} {each.content_hash}" for each in files)
    return hashlib.sha256(names.encode()).hexdigest()[:16]


def seed_payload(files: Iterable[DirectiveFile]) -> list[dict[str, str]]:
    """What the seeding function of the database takes: one `{key, kind, hash, text}` per file."""
    return [
        {"key": each.key, "kind": each.kind, "hash": each.content_hash, "text": each.text} for each in files
    ]


def _file(key: str, path: Path) -> DirectiveFile:
    kind = kind_of(key)
    try:
        text = normalised(path.read_bytes().decode())
    except UnicodeDecodeError as error:
        raise DirectiveError(f"{key}.md: byte {error.start} is not UTF-8 text") from None
    if "\0" in text:
        raise DirectiveError(f"{key}.md: holds a NUL byte, which the database cannot keep")
    return DirectiveFile(key, kind, text, content_hash(text))
