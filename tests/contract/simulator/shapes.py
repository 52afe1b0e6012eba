"""Holds a JSON value to the shape of a payload file: the same keys, and the same types."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import Any

NUMBER = "number"


def differences(
    actual: Any, wanted: Any, *, free: Collection[str] = (), extra: Collection[str] = ()
) -> list[str]:
    """Where `actual` is not shaped like `wanted`, as paths such as `message.call.id`.

    `free` names paths whose inside depends on the request, `extra` paths that may be there in addition.
    A null in `wanted` allows anything. An item of a list must have the shape of one of the items wanted.
    """
    return list(_differ(actual, wanted, "", frozenset(free), frozenset(extra)))


def _differ(
    actual: Any, wanted: Any, path: str, free: frozenset[str], extra: frozenset[str]
) -> Iterator[str]:
    if path in free or wanted is None:
        return
    if _kind(actual) != _kind(wanted):
        yield f"{path}: {_kind(actual)}, not {_kind(wanted)}"
    elif isinstance(wanted, dict):
        yield from _differ_in_keys(actual, wanted, path, free, extra)
    elif isinstance(wanted, list) and wanted:
        for place, item in enumerate(actual):
            tries = [list(_differ(item, one, f"{path}[]", free, extra)) for one in wanted]
            if all(tries):
                yield f"{path}[{place}]: {min(tries, key=len)}"


def _differ_in_keys(
    actual: dict[str, Any],
    wanted: dict[str, Any],
    path: str,
    free: frozenset[str],
    extra: frozenset[str],
) -> Iterator[str]:
    for key in sorted(actual.keys() | wanted.keys()):
        inner = f"{path}.{key}" if path else key
        if key not in actual:
            yield f"{inner}: missing"
        elif key not in wanted:
            if inner not in extra:
                yield f"{inner}: unexpected"
        else:
            yield from _differ(actual[key], wanted[key], inner, free, extra)


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return NUMBER
    if isinstance(value, str):
        return _text_kind(value)
    if isinstance(value, dict):
        return "object"
    return "array" if isinstance(value, list) else "null"


def _text_kind(text: str) -> str:
    if re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", text):
        return "time in milliseconds"
    if re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}\+00", text):
        return "time of Postgres"
    if re.fullmatch(r"[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d \+0000", text):
        return "time of RFC 2822"
    return "text"
