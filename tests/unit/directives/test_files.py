"""Directives as files: where they may be, and hashes that mean the same everywhere."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.directives import content_hash, kind_of, normalised, read, seed_payload
from shared.errors import ConfigurationError, DirectiveError


def write(root: Path, files: dict[str, bytes]) -> None:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def test_read__ordered_by_key_without_pages_that_are_none(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "scripts/b.md": b"b\n",
            "outreach.md": b"o\n",
            "scripts/a.md": b"a\n",
            "rules/hours.md": b"h\n",
            "prompts/analyst.md": b"p\n",
            "README.md": b"x",
            "rules/README.md": b"x",
            "templates/workflow_template.md": b"x",
            "scripts/notes.txt": b"x",
        },
    )
    assert [(file.key, file.kind) for file in read(tmp_path)] == [
        ("outreach", "outreach"),
        ("prompts/analyst", "prompt"),
        ("rules/hours", "rules"),
        ("scripts/a", "script"),
        ("scripts/b", "script"),
    ]


def test_read__same_hash_whatever_the_editor_did(tmp_path: Path) -> None:
    unix, windows, mac = tmp_path / "unix", tmp_path / "windows", tmp_path / "mac"
    write(unix, {"outreach.md": "---\nä: 1\n---\ntext\n".encode()})
    write(windows, {"outreach.md": "\ufeff---\r\nä: 1  \r\n---\r\ntext\t\r\n\r\n".encode()})
    write(mac, {"outreach.md": "---\rä: 1\r---\rtext".encode()})
    assert read(unix) == read(windows) == read(mac)


def test_hash__every_word_counts() -> None:
    assert content_hash("a b\n") != content_hash("a  b\n")
    assert content_hash(" a\n") != content_hash("a\n")
    assert content_hash("a\n\nb\n") != content_hash("a\nb\n")


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])))
def test_normalised__again_changes_nothing(text: str) -> None:
    once = normalised(text)
    assert normalised(once) == once
    assert content_hash(once.replace("\n", "\r\n")) == content_hash(text)


def test_seed_payload__what_the_database_takes(tmp_path: Path) -> None:
    write(tmp_path, {"outreach.md": b"o\r\n"})
    assert seed_payload(read(tmp_path)) == [
        {"key": "outreach", "kind": "outreach", "hash": content_hash("o"), "text": "o\n"}
    ]


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("outreech", "did you mean outreach"),
        ("script/a", "did you mean scripts"),
        ("scripts/a/b", "small letters"),
        ("scripts/Call Me", "small letters"),
        ("outreach/a", "is in no known place"),
        ("rules", "is in no known place"),
    ],
)
def test_kind_of__unknown_place(key: str, message: str) -> None:
    with pytest.raises(DirectiveError, match=message):
        kind_of(key)


def test_read__names_every_misplaced_or_unreadable_file(tmp_path: Path) -> None:
    write(
        tmp_path, {"outreach.md": b"ok", "skripts/a.md": b"x", "scripts/b.md": b"\xff", "scripts/c.md": b"\0"}
    )
    with pytest.raises(DirectiveError) as caught:
        read(tmp_path)
    assert [line.split(":")[0] for line in str(caught.value).splitlines()] == [
        "scripts/b.md",
        "scripts/c.md",
        "skripts/a.md",
    ]


@pytest.mark.parametrize("name", ["missing", "empty"])
def test_read__nothing_there_is_an_error(tmp_path: Path, name: str) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(ConfigurationError, match="no directives found"):
        read(tmp_path / name)
