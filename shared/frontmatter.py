"""YAML front matter of the Markdown directives: split it off, check it, name each mistake.

Knows no directive. A file's shape is a pydantic model with `extra="forbid"`; this module turns text into that
model, and every mistake in it into one `DirectiveError` with a line per mistake:

    calling_hours.md: states.FL.closes: '26:00' is not a time of day like 8:00 or 17:30
    calling_hours.md: states.FL.close: unknown field (did you mean closes?)
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Hashable, Iterable, Sequence
from typing import Any, TypeVar, get_args

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from shared.errors import DirectiveError

M = TypeVar("M", bound=BaseModel)

_FENCE = "---"
_SHOWN = 60  # characters of a wrong value that a message repeats


def split(text: str, *, file: str) -> tuple[dict[str, Any], str]:
    """Front matter as plain values, and the prose below it.

    The text starts with a line `---`, then a YAML mapping, then a line `---`. Stricter than YAML 1.1 in three
    places where it surprises people: a key given twice is an error, `8:30` is text and not 510, and only
    true and false are booleans (`NO` and `ON` stay words). `file` is only used in messages.
    Raises DirectiveError when there is no front matter, it is not closed, or it is not such a mapping.
    """
    lines = text.removeprefix("\ufeff").splitlines()
    if not lines or lines[0].rstrip() != _FENCE:
        raise DirectiveError(f"{file}: line 1: the file must start with a line {_FENCE}")
    end = next((n for n, line in enumerate(lines[1:], start=1) if line.rstrip() == _FENCE), None)
    if end is None:
        raise DirectiveError(f"{file}: the front matter is not closed by a line {_FENCE}")
    data = _read_yaml("\n".join(lines[1:end]), file=file)
    if not isinstance(data, dict):
        raise DirectiveError(f"{file}: the front matter must be `field: value` lines")
    return data, "\n".join(lines[end + 1 :]).strip() + "\n"


def validate(model: type[M], data: object, *, file: str) -> M:
    """`data` as a `model`, or one DirectiveError that lists each mistake: field, value, near miss."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        details = error.errors(include_url=False)
        raise DirectiveError("\n".join(_line(model, each, file) for each in details)) from None


def near_miss(word: str, allowed: Iterable[str]) -> str:
    """` (did you mean …?)` for the closest allowed word, or nothing when none is close."""
    by_folded = {each.casefold(): each for each in allowed}
    close = difflib.get_close_matches(word.casefold(), by_folded, n=1, cutoff=0.6)
    return f" (did you mean {by_folded[close[0]]}?)" if close else ""


class _Loader(yaml.SafeLoader):
    """SafeLoader without duplicate keys, base-60 numbers and the many spellings of true and false."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[Hashable] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if isinstance(key, Hashable) and key in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"{key!r} is given twice", key_node.start_mark
                )
            seen.add(key if isinstance(key, Hashable) else repr(key))
        return super().construct_mapping(node, deep=deep)


_Loader.yaml_implicit_resolvers = {
    first: [(tag, regexp) for tag, regexp in rules if not tag.endswith((":bool", ":int", ":float"))]
    for first, rules in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:bool", re.compile(r"(?:true|True|false|False)\Z"), list("tTfF")
)
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:int", re.compile(r"[-+]?(?:0|[1-9][0-9_]*)\Z"), list("-+0123456789")
)
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(r"[-+]?(?:[0-9][0-9_]*\.[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?\Z"),
    list("-+.0123456789"),
)


def _read_yaml(source: str, *, file: str) -> object:
    try:
        loader = _Loader(source)
        try:
            return loader.get_single_data()
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        # The fence is line 1 of the file, so the mapping's line 0 is line 2 of it.
        where = f"line {error.problem_mark.line + 2}: " if error.problem_mark else ""
        raise DirectiveError(f"{file}: {where}{error.problem or 'not readable as YAML'}") from None
    except (yaml.YAMLError, ValueError) as error:
        # ValueError: a date that looks like one but does not exist, such as 2025-02-30.
        raise DirectiveError(f"{file}: not readable as YAML: {error}") from None


def _line(model: type[BaseModel], error: ErrorDetails, file: str) -> str:
    # "[key]" is pydantic's mark for a wrong key of a mapping; the key itself is already in the path.
    field = ".".join(str(part) for part in error["loc"] if part != "[key]") or "(whole file)"
    return f"{file}: {field}: {_what(model, error)}"


def _what(model: type[BaseModel], error: ErrorDetails) -> str:
    kind, context = error["type"], error.get("ctx", {})
    if kind == "missing":
        return "is missing"
    if kind == "extra_forbidden":
        return "unknown field" + near_miss(str(error["loc"][-1]), _siblings(model, error["loc"][:-1]))
    shown = _shown(error["input"])
    if kind in ("literal_error", "enum"):
        allowed = re.findall(r"'([^']*)'", str(context.get("expected", "")))
        return f"{shown} is not one of {', '.join(allowed)}" + near_miss(str(error["input"]), allowed)
    if kind == "value_error":
        return f"{shown} {context['error']}"
    return f"{shown}: {error['msg'][:1].lower()}{error['msg'][1:]}"


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


def _siblings(model: type[BaseModel], path: Sequence[int | str]) -> list[str]:
    """Field names allowed at a place in the file, found by walking the model's annotations along the path."""
    here: list[Any] = [model]
    for part in path:
        here = [inner for each in here for inner in _inside(each, part)]
    names: list[str] = []
    for each in _models(here):
        names += [field.alias or name for name, field in each.model_fields.items()]
    return names


def _inside(annotation: object, part: int | str) -> list[Any]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        by_name = {field.alias or name: field for name, field in annotation.model_fields.items()}
        return [by_name[str(part)].annotation] if str(part) in by_name else [annotation]
    return list(get_args(annotation)) or [annotation]


def _models(annotations: Iterable[Any]) -> list[type[BaseModel]]:
    found: list[type[BaseModel]] = []
    for each in annotations:
        if isinstance(each, type) and issubclass(each, BaseModel):
            found.append(each)
        else:
            found += _models(get_args(each))
    return found
