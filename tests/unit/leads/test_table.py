"""Files as they come: encodings, delimiters, quotation marks, and the line of each row."""

from __future__ import annotations

import pytest

from functions.campaigns.leads.report import RefusedRow
from functions.campaigns.leads.table import read_table
from shared.errors import ConfigurationError

JOSÉ = "name,email\nJosé,jose@works.example\n"


def cells(raw: bytes) -> list[tuple[str, ...]]:
    return [row.cells for row in read_table(raw, "list.csv").rows]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
def test_encoding__is_found(encoding: str) -> None:
    assert cells(JOSÉ.encode(encoding)) == [("José", "jose@works.example")]


def test_encoding__windows_is_noted() -> None:
    assert read_table(JOSÉ.encode("cp1252"), "list.csv").notes == (
        "The file is not UTF-8; it was read as Windows-1252.",
    )


def test_encoding__two_in_one_file_are_read_line_by_line_and_noted() -> None:
    raw = JOSÉ.encode() + "Zoë,zoe@works.example\n".encode("cp1252")
    table = read_table(raw, "list.csv")
    assert [row.cells[0] for row in table.rows] == ["José", "Zoë"]
    assert table.notes == ("Two encodings: not UTF-8 but read as Windows-1252: line 3.",)


def test_encoding__bytes_that_windows_does_not_have_are_read_all_the_same() -> None:
    assert cells(b"name,email\n\x81\xe9,a@b.example\n") == [("\x81é", "a@b.example")]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiter__is_found_in_the_header(delimiter: str) -> None:
    raw = f'name{delimiter}"e,m;a|il"{delimiter}x\nAda{delimiter}a{delimiter}"1{delimiter}2"\n'
    assert cells(raw.encode()) == [("Ada", "a", f"1{delimiter}2")]


def test_delimiter__declared_for_excel() -> None:
    table = read_table(b"sep=;\nname;email,x\nAda;a\n", "list.csv")
    assert (table.header.line, table.header.cells) == (2, ("name", "email,x"))


def test_lines__are_those_of_the_file_with_quoted_line_breaks_and_blank_lines() -> None:
    raw = b'\r\nname,email\r\n"Ada\r\nBaker\r\n",a\r\n\r\nBen,b\rCleo,c\n'
    table = read_table(raw, "list.csv")
    assert [(row.line, row.cells[1]) for row in table.rows] == [(3, "a"), (7, "b"), (8, "c")]


def test_lines__are_not_counted_at_characters_that_only_unicode_calls_line_breaks() -> None:
    table = read_table("name,email\nAda\u2028\x0b\x85,a\nBen,b\n".encode(), "list.csv")
    assert [row.line for row in table.rows] == [2, 3]


@pytest.mark.parametrize("follow", [3, 300])
def test_quotation_mark__left_open_costs_its_own_line_only(follow: int) -> None:
    rows = "".join(f"Ben{i},b{i}\n" for i in range(follow))
    table = read_table(f'name,email\n"Ada,a\n{rows}'.encode(), "list.csv")
    assert table.broken == (RefusedRow(2, "the line cannot be read: a quotation mark is not closed"),)
    assert [row.line for row in table.rows] == list(range(3, 3 + follow))


def test_cell__of_200_kb_costs_its_own_line_only() -> None:
    table = read_table(b"name,email\n" + b"x" * 200_000 + b",a\nBen,b\n", "list.csv")
    assert table.broken == (RefusedRow(2, "the line cannot be read: a cell is far too long"),)
    assert [row.line for row in table.rows] == [3]


@pytest.mark.parametrize("raw", [b"", b"\n\n", b"\xef\xbb\xbf", b"\xff\xfe", b" \r\n"])
def test_empty_file__is_an_error(raw: bytes) -> None:
    with pytest.raises(ConfigurationError, match=r"list\.csv has no rows: it is empty"):
        read_table(raw, "list.csv")


@pytest.mark.parametrize("raw", [b"name,email", b"name,email\r\n\r\n", b"sep=,\nname,email\n"])
def test_header_only__is_an_error(raw: bytes) -> None:
    with pytest.raises(ConfigurationError, match="nothing under its header"):
        read_table(raw, "list.csv")


def test_workbook__is_named_as_one() -> None:
    with pytest.raises(ConfigurationError, match=r"an Excel workbook\. Save it as CSV"):
        read_table(b"PK\x03\x04\x14\x00", "list.xlsx")
