"""A file of comma, semicolon or tab separated values as rows, with the physical line of each.

Files come out of spreadsheets, exports and text editors, so that one may hold two encodings, a quotation
mark that is never closed, or a NUL. Whatever can be read is read; the rest is named by its line.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from functions.campaigns.leads.report import RefusedRow
from shared.errors import ConfigurationError

DELIMITERS: Final = (",", ";", "\t", "|")
# A quoted cell may go over lines; one that goes on for longer is a quotation mark somebody forgot.
LONGEST_RECORD: Final = 100

_BOMS: Final = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
_NOT_TEXT: Final = {b"PK\x03\x04": "an Excel workbook", b"\xd0\xcf\x11\xe0": "an old Excel workbook"}
_SEPARATOR_LINE: Final = re.compile(r"\A\"?sep=([,;\t|])\"?\s*\Z")
_QUOTED: Final = re.compile(r'"[^"]*"')


@dataclass(frozen=True)
class Row:
    """The cells of one record and the line it begins on."""

    line: int
    cells: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """A header, the rows under it, the lines that are no rows, and remarks on the encoding."""

    header: Row
    rows: tuple[Row, ...]
    broken: tuple[RefusedRow, ...]
    notes: tuple[str, ...]


def read_table(raw: bytes, file_name: str) -> Table:
    """The table in a file.

    Raises `ConfigurationError` where there is none: the file is empty, has nothing under its header, or is
    no text.
    """
    for signature, what in _NOT_TEXT.items():
        if raw.startswith(signature):
            raise ConfigurationError(f"{file_name} is {what}. Save it as CSV and import that.")
    text, notes = _decoded(raw)
    lines = list(io.StringIO(text, newline=""))
    records = list(_records(lines, *_start(lines)))
    rows = [record for record in records if isinstance(record, Row)]
    if not rows:
        raise ConfigurationError(f"{file_name} has no rows: it is empty.")
    if len(records) == 1:
        raise ConfigurationError(f"{file_name} has no rows: there is nothing under its header.")
    if records[0] is not rows[0]:
        raise ConfigurationError(f"{file_name} cannot be read: its first line is broken.")
    broken = tuple(record for record in records if isinstance(record, RefusedRow))
    return Table(rows[0], tuple(rows[1:]), broken, tuple(notes))


def _decoded(raw: bytes) -> tuple[str, list[str]]:
    for bom, encoding in _BOMS:
        if raw.startswith(bom):
            return _by_lines(raw[len(bom) :]) if encoding == "utf-8" else (_wide(raw[2:], encoding), [])
    head = raw[:400]
    if len(head) >= 4 and head[1::2].count(0) > len(head) / 3 and not head[0::2].count(0):
        return _wide(raw, "utf-16-le"), []
    if len(head) >= 4 and head[0::2].count(0) > len(head) / 3 and not head[1::2].count(0):
        return _wide(raw, "utf-16-be"), []
    return _by_lines(raw)


def _wide(raw: bytes, encoding: str) -> str:
    return raw.decode(encoding, errors="replace")


def _by_lines(raw: bytes) -> tuple[str, list[str]]:
    """UTF-8, and line by line Windows-1252 where it is not: exports pasted together hold both."""
    try:
        return raw.decode(), []
    except UnicodeDecodeError:
        pass
    texts, other, wide = [], [], 0
    for number, line in enumerate(raw.splitlines(keepends=True), start=1):
        try:
            texts.append(line.decode())
            wide += not line.isascii()
        except UnicodeDecodeError:
            texts.append(_western(line))
            other.append(number)
    if not wide:
        return "".join(texts), ["The file is not UTF-8; it was read as Windows-1252."]
    shown = ", ".join(map(str, other[:10])) + (" and more" if len(other) > 10 else "")
    return "".join(texts), [f"Two encodings: not UTF-8 but read as Windows-1252: line {shown}."]


def _western(line: bytes) -> str:
    try:
        return line.decode("cp1252")
    except UnicodeDecodeError:
        return line.decode("latin-1")


def _start(lines: list[str]) -> tuple[int, str]:
    """Index of the line with the header, and the delimiter."""
    for index, line in enumerate(lines):
        if not line.strip("\ufeff \t\r\n"):
            continue
        declared = _SEPARATOR_LINE.match(line)
        if declared:
            return index + 1, declared[1]
        bare = _QUOTED.sub("", line)
        return index, max(DELIMITERS, key=bare.count)
    return len(lines), ","


def _records(lines: list[str], start: int, delimiter: str) -> Iterator[Row | RefusedRow]:
    """Every record from a line on. Blank lines are none.

    A record that cannot be read costs one line, and reading goes on with the next. That a quotation mark is
    open at the end is seen by whether the reader also eats a line that does not belong to the file.
    """
    index = start
    while index < len(lines):
        window = lines[index : index + LONGEST_RECORD]
        reader = csv.reader([*window, "\n"], delimiter=delimiter)
        try:
            cells = next(reader)
        except csv.Error:
            yield RefusedRow(index + 1, "the line cannot be read: a cell is far too long")
            index += 1
            continue
        if reader.line_num > len(window):
            yield RefusedRow(index + 1, "the line cannot be read: a quotation mark is not closed")
            index += 1
            continue
        if cells:
            yield Row(index + 1, tuple(cells))
        index += reader.line_num
