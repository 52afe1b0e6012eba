"""Merge fields: which exist, how a template may use them, and when a value is safe to print.

A template is text with `{{ field }}` and, where a sentence needs its fact, `{% if field %}…{% endif %}`.
Nothing else of Jinja is allowed: no filters, loops, calls or attributes, so a script written by a model or by
hand can neither compute nor reach anything. Values come from lead lists and strangers: never templates.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache

from jinja2 import StrictUndefined, Template, nodes
from jinja2.exceptions import TemplateSyntaxError, UndefinedError
from jinja2.sandbox import SandboxedEnvironment

from shared.errors import ConfigurationError
from shared.frontmatter import near_miss

# What stands in the text when a lead's fact is not known.
FALLBACKS: Mapping[str, str] = {
    "first_name": "there",
    "company": "your company",
    "city": "your area",
    "state": "your state",
    "industry": "your trade",
}
# Facts of the business itself. Printing one that is not set is a mistake in the settings, not in the lead.
OWN_FIELDS = ("persona", "business_name", "owner_name", "opt_out_number", "booking_url", "meeting_time")
MERGE_FIELDS = (*FALLBACKS, *OWN_FIELDS)
FOOTER_FIELDS = ("business_name", "postal_address", "unsubscribe_url")

LONGEST_VALUE = 80  # characters of one merged lead value; a list row can hold anything
_NOT_A_VALUE = frozenset({"nan", "NaN", "None", "none", "null", "NULL", "N/A", "n/a", "NaT", "<NA>", "-"})
_ALLOWED_NODES = (nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.If, nodes.Not)

# Names nobody has: used to try every script once when the directives are read.
SAMPLE: Mapping[str, str] = {
    "first_name": "Maximilian",
    "company": "Example Heating & Cooling",
    "city": "Springfield",
    "state": "Ohio",
    "industry": "HVAC",
    "persona": "Sarah",
    "business_name": "Example Answering",
    "owner_name": "Alex",
    "opt_out_number": "800-555-0100",
    "booking_url": "https://example.com/book",
    "meeting_time": "Wednesday, September 30 at 10:00 AM EDT",
}


class _Unknown(str):
    """A fallback: prints like any value, and is false in `{% if … %}`."""

    __slots__ = ()

    def __bool__(self) -> bool:
        return False


class _NotSet(StrictUndefined):
    """An own field that is not set: false in `{% if … %}`, an error when printed."""

    __slots__ = ()

    def __bool__(self) -> bool:  # type: ignore[override]  # the base class never returns
        return False


# Plain text: the HTML part of an email is escaped where it is made, in render.py.
_env = SandboxedEnvironment(undefined=_NotSet, autoescape=False)


def check_template(source: str, allowed: Iterable[str] = MERGE_FIELDS) -> str:
    """The template itself, if it only merges `allowed` fields. ValueError names what it must not hold."""
    names = tuple(allowed)
    try:
        tree = _env.parse(source)
    except TemplateSyntaxError as error:
        raise ValueError(f"is not a readable template: {error.message}") from None
    except RecursionError:
        raise ValueError("is nested too deeply") from None
    for node in (tree, *tree.find_all(nodes.Node)):
        _check_node(node, names)
    return source


def _check_node(node: nodes.Node, names: tuple[str, ...]) -> None:
    if not isinstance(node, _ALLOWED_NODES):
        raise ValueError(
            "may only hold {{ field }} and {% if field %}…{% endif %}, "
            f"not {type(node).__name__.lower()} in line {node.lineno}"
        )
    if isinstance(node, nodes.If) and node.find(nodes.If):
        # Python refuses what Jinja makes of a hundred of these, and nobody can read two.
        raise ValueError(f"has a condition inside a condition in line {node.lineno}")
    if isinstance(node, nodes.Name) and node.name not in names:
        raise ValueError(f"names an unknown merge field {node.name}" + near_miss(node.name, names))


def used_fields(source: str) -> frozenset[str]:
    """The merge fields that a checked template names."""
    return frozenset(node.name for node in _env.parse(source).find_all(nodes.Name))


def clean(value: object, *, longest: int = LONGEST_VALUE) -> str:
    """A value as one printable line of at most `longest` characters; empty when there is nothing to print.

    Line ends, control characters, lone surrogates and invisible direction marks go; letters of any script
    stay. None, NaN and the words that spreadsheets write for "nothing" are empty.
    """
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    if isinstance(value, int) and value.bit_length() > 64:  # no count or number plate is; str() may refuse it
        return ""
    # Cut before the per-character work: a row may hold megabytes.
    text = str(value)[: 40 * LONGEST_VALUE]
    if not text.isprintable():  # which nearly all are, and a tick asks often
        text = "".join(_printable(char) for char in text)
    text = " ".join(text.split())
    return "" if text in _NOT_A_VALUE or text in ("inf", "-inf") else _shortened(text, longest)


def context(
    values: Mapping[str, object], *, longest: int = LONGEST_VALUE, fold: Callable[[str], str] = str
) -> dict[str, str]:
    """What a template is rendered with: clean values, a fallback for each unknown fact of the lead.

    `longest` bounds lead values only. `fold` turns text into what the channel can carry. A lead value with a
    web address in it counts as unknown: else a stranger's web form could send links in our name. So does one
    with a template's marks, which is nobody's name. What is not a merge field is left out, and so are own
    fields that are not set.
    """
    merged: dict[str, str] = {}
    for name, fallback in FALLBACKS.items():
        text = clean(fold(clean(values.get(name), longest=10 * LONGEST_VALUE)), longest=longest)
        merged[name] = text if text and not _is_no_fact(text) else _Unknown(fallback)
    for name in OWN_FIELDS:
        if text := clean(fold(clean(values.get(name), longest=500)), longest=500):
            merged[name] = text
    return merged


def fill(source: str, merged: Mapping[str, str]) -> str:
    """A checked template with its values. Raises ConfigurationError when a field it prints is not set."""
    try:
        return _compiled(source).render(merged)
    except UndefinedError as error:
        raise ConfigurationError(f"a script prints a field that is not set: {error.message}") from None


@lru_cache(maxsize=256)
def _compiled(source: str) -> Template:
    return _env.from_string(source)


def _printable(char: str) -> str:
    category = unicodedata.category(char)
    if category in ("Cf", "Cs", "Co", "Cn"):
        return ""
    return " " if category in ("Cc", "Zl", "Zp", "Zs") else char


def _shortened(text: str, longest: int) -> str:
    """At most `longest` characters, cut between words where that keeps at least half."""
    if len(text) <= longest:
        return text
    at_word, space, _ = text[: longest + 1].rpartition(" ")
    return at_word if space and 2 * len(at_word) >= longest else text[:longest].rstrip()


def _is_no_fact(text: str) -> bool:
    """Holds a web address, or the marks of a template that some program before us failed to fill."""
    folded = text.casefold()
    return any(mark in folded for mark in ("://", "www.", "{{", "}}", "{%", "%}"))
