"""The shipped rules files, and what is said about a mistake in one."""

from __future__ import annotations

from pathlib import Path

import pytest

from shared.errors import DirectiveError
from shared.gate import Rules
from shared.gate.rules import SHIPPED

TEXTS = {path.name: path.read_text(encoding="utf-8") for path in SHIPPED.glob("*.md")}


def changed(name: str, old: str, new: str) -> dict[str, str]:
    assert old in TEXTS[name]
    return {**TEXTS, name: TEXTS[name].replace(old, new, 1)}


def test_load__shipped_rules_are_the_default_and_have_a_version() -> None:
    assert Rules.load() == Rules.load(SHIPPED) == Rules.parse(TEXTS)
    assert Rules.parse(changed("pace.md", "per_7d: 3", "per_7d: 2")).version != Rules.load().version


def test_load__a_missing_file_names_it(tmp_path: Path) -> None:
    with pytest.raises(DirectiveError, match=r"calling_hours\.md: cannot be read"):
        Rules.load(tmp_path)


def test_parse__names_a_file_too_many_or_too_few() -> None:
    with pytest.raises(DirectiveError, match=r"pace\.md: is missing"):
        Rules.parse({name: text for name, text in TEXTS.items() if name != "pace.md"})
    with pytest.raises(DirectiveError, match=r"state\.md: is no rules file \(did you mean states\.md\?\)"):
        Rules.parse({**TEXTS, "state.md": ""})


@pytest.mark.parametrize(
    ("name", "old", "new", "message"),
    [
        (
            "calling_hours.md",
            "opens: 8:00\n  closes: 21:00",
            "opens: 8am\n  closes: 21:00",
            "calling_hours.md: federal.opens: '8am' is not a time of day like 8:00 or 17:30",
        ),
        (
            "calling_hours.md",
            "closes: 18:00\n    days",
            "close: 18:00\n    days",
            "calling_hours.md: windows.call.close: unknown field (did you mean closes?)",
        ),
        ("calling_hours.md", "mon, tue", "mon, teu", "'teu' is not one of mon, tue, wed"),
        ("calling_hours.md", "mon, tue", "mon, teu", "(did you mean tue?)"),
        ("calling_hours.md", "  email:", "  emial:", "windows.emial: 'emial' is not one of call, email, sms"),
        (
            "calling_hours.md",
            "opens: 8:00\n    closes: 18:00",
            "opens: 7:30\n    closes: 18:00",
            "windows.call reaches",
        ),
        (
            "states.md",
            "  FL:",
            "  FLO:",
            "states.FLO: 'FLO' is not the two-letter code of a state (did you mean FL?)",
        ),
        (
            "states.md",
            "blocked: [call, sms]",
            "blocked: [calls]",
            "states.OK.blocked.0: 'calls' is not one of call, sms",
        ),
        ("states.md", "  FL:\n    opens: 8:00", "  FL:\n    opens: 21:00", "opens at or after it closes"),
        (
            "states.md",
            "  FL:\n    opens: 8:00",
            "  FL:\n    opens: 8:00\n    opens: 9:00",
            "'opens' is given twice",
        ),
        ("contact.md", "landline: company_opt_in", "landlnie: none", "(did you mean landline?)"),
        ("contact.md", "stale_after_days: 45", "stale_after_days: -1", "consent.stale_after_days: -1"),
        (
            "contact.md",
            "    opt_in: [written, opt_in, oral]\n",
            "",
            "consent.satisfied_by: {'written': ['written']} lacks opt_in",
        ),
        ("pace.md", "from_day: 0, per_day: 5}", "from_day: 1, per_day: 5}", "must start with from_day 0"),
        ("pace.md", "per_day: 50", "per_day: 80", "the ramp passes ceiling_per_day"),
        (
            "pace.md",
            "  as_of: 2026-07-01\n\nsenders",
            "  as_of: soon\n\nsenders",
            "pace.md: frequency.as_of: 'soon'",
        ),
    ],
)
def test_parse__a_mistake_names_file_field_value_and_near_miss(
    name: str, old: str, new: str, message: str
) -> None:
    with pytest.raises(DirectiveError) as caught:
        Rules.parse(changed(name, old, new))
    assert message in str(caught.value)
    assert str(caught.value).startswith(f"{name}: ")


@pytest.mark.parametrize("name", sorted(TEXTS))
def test_shipped__every_row_has_a_source_and_a_date(name: str) -> None:
    for field in ("source", "as_of"):
        line = next(each for each in TEXTS[name].splitlines() if each.strip().startswith(f"{field}:"))
        with pytest.raises(DirectiveError, match=f"{field}: is missing"):
            Rules.parse(changed(name, line + "\n", ""))
