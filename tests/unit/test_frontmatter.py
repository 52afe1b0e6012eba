"""Front matter of directives: what is read, and what is said about mistakes."""

from __future__ import annotations

from datetime import date
from typing import Literal

import pytest
from pydantic import BaseModel, ConfigDict

from shared.errors import DirectiveError
from shared.frontmatter import near_miss, split, validate


class Step(BaseModel):
    model_config = ConfigDict(extra="forbid")
    channel: Literal["call", "email"]
    day: int


class Playbook(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: str
    steps: list[Step] = []
    fallback: Step | None = None
    by_state: dict[str, Step] = {}


def test_split__values_and_prose() -> None:
    data, prose = split("---\nname: x\nas_of: 2026-01-02\n---\n\n# Title\n\n---\nText\n", file="a.md")
    assert data == {"name": "x", "as_of": date(2026, 1, 2)}
    assert prose == "# Title\n\n---\nText\n"


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("8:30", "8:30"),
        ("12:00", "12:00"),
        ("NO", "NO"),
        ("on", "on"),
        ("010", "010"),
        ("1_0", 10),
        ("-3", -3),
        ("0.5", 0.5),
        ("true", True),
        ("'5'", "5"),
        ("", None),
    ],
)
def test_split__words_mean_what_they_look_like(written: str, value: object) -> None:
    data, _ = split(f"---\nfield: {written}\n---\n", file="a.md")
    assert data == {"field": value}
    assert type(data["field"]) is type(value)


@pytest.mark.parametrize("start", ["\ufeff---\r\n", "--- \n"])
def test_split__tolerates_what_editors_leave_behind(start: str) -> None:
    assert split(f"{start}a: 1\r\n---\r\nText", file="a.md") == ({"a": 1}, "Text\n")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "a.md: line 1: the file must start with a line ---"),
        ("# Title\n", "a.md: line 1: the file must start with a line ---"),
        ("---\na: 1\n", "a.md: the front matter is not closed"),
        ("---\na: 1\nb:\n  c: 1\n  c: 2\n---\n", "a.md: line 5: 'c' is given twice"),
        ("---\na: [1\n---\n", "a.md: line 2: "),
        ("---\n- a\n---\n", "a.md: the front matter must be `field: value` lines"),
        ("---\n---\n", "a.md: the front matter must be `field: value` lines"),
        ("---\na: 2026-02-30\n---\n", "a.md: not readable as YAML: day"),
        (
            "---\na: !!python/object/apply:os.getcwd []\n---\n",
            "a.md: line 2: could not determine a constructor",
        ),
        ("---\na: \x07\n---\n", "a.md: not readable as YAML"),
    ],
)
def test_split__trouble_names_file_and_line(text: str, message: str) -> None:
    with pytest.raises(DirectiveError) as caught:
        split(text, file="a.md")
    assert message in str(caught.value)


def test_validate__good_data_becomes_the_model() -> None:
    data = {"name": "x", "steps": [{"channel": "call", "day": 0}]}
    assert validate(Playbook, data, file="a.md").steps == [Step(channel="call", day=0)]


def test_validate__lists_every_mistake_with_near_misses_at_every_depth() -> None:
    data = {
        "nmae": "x",
        "steps": [{"channel": "emial", "day": 1}, {"channel": "call", "dya": 1}],
        "fallback": {"channel": "call", "day": "soon", "chanel": 1},
        "by_state": {"FL": {"channel": "call", "day": 1, "dai": 1}},
    }
    with pytest.raises(DirectiveError) as caught:
        validate(Playbook, data, file="a.md")
    assert set(str(caught.value).splitlines()) == {
        "a.md: name: is missing",
        "a.md: nmae: unknown field (did you mean name?)",
        "a.md: steps.0.channel: 'emial' is not one of call, email (did you mean email?)",
        "a.md: steps.1.day: is missing",
        "a.md: steps.1.dya: unknown field (did you mean day?)",
        "a.md: fallback.day: 'soon': input should be a valid integer, unable to parse string as an integer",
        "a.md: fallback.chanel: unknown field (did you mean channel?)",
        "a.md: by_state.FL.dai: unknown field (did you mean day?)",
    }


def test_validate__repeats_no_more_than_the_start_of_a_long_value() -> None:
    with pytest.raises(DirectiveError) as caught:
        validate(Playbook, {"name": ["long"] * 500}, file="a.md")
    assert len(str(caught.value)) < 150


def test_validate__no_mapping_at_all_is_named_as_such() -> None:
    with pytest.raises(DirectiveError, match=r"a\.md: \(whole file\): "):
        validate(Playbook, ["x"], file="a.md")


def test_near_miss__nothing_when_nothing_is_close() -> None:
    assert near_miss("zebra", ["call", "email"]) == ""
    assert near_miss("EMIAL", ["call", "Email"]) == " (did you mean Email?)"
