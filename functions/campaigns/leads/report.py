"""What an import did, line by line."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class RefusedRow:
    """A row that was not taken in: its physical line in the file (the first is 1) and why, in words.

    The reason names columns and never repeats what stands in them.
    """

    line: int
    reason: str


@dataclass(frozen=True)
class ImportReport:
    """The outcome of one file: `rows` is always `new` + `known` + the number of `refused`.

    `known` rows were in the database already, or repeat an earlier row of the file. `notes` are remarks on
    rows that were taken in, and on the file as a whole.
    """

    file: str
    rows: int
    new: int
    known: int
    refused: list[RefusedRow]
    notes: list[str]
