"""World files: what they say comes in, and each mistake is named with its file and its field."""

from __future__ import annotations

import re
from collections import Counter
from datetime import date
from pathlib import Path
from typing import get_args

import pytest

from shared.errors import ConfigurationError
from simulator.faults.entries import AnyEntry
from simulator.leads.arrivals import Arrival, arrivals, everybody, mornings, regions_on
from simulator.simulate import directives, populated, senders
from simulator.world.places import state_code
from simulator.worlds import WorldFile, load, shipped
from simulator.worlds.file import FOLDER

ORDINARY = (FOLDER / "ordinary.toml").read_text(encoding="utf-8")
WEEK = 7


def _world(name: str = "ordinary") -> WorldFile:
    return load(name)[1]


def _week(world: WorldFile, seed: int = 1) -> tuple[Arrival, ...]:
    return arrivals(world, seed, WEEK)


@pytest.mark.parametrize("name", shipped())
def test_shipped_world__can_be_read_and_populated(name: str) -> None:
    called, world = load(name)
    assert called == name
    small = world.model_copy(update={"leads": world.leads.model_copy(update={"per_week": 30})})
    people = populated(small, _week(small), 1)
    assert len(people.people) == 30
    assert people.planted == world.effects


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ("per_week = 700", "per_weeks = 700", r"leads\.per_weeks: unknown field \(did you mean per_week\?\)"),
        ("per_week = 700", "per_week = 0", r"leads\.per_week"),
        ('"Plumbing" = 0.22', '"Plumbing" = 0.52', r"leads\.trades: .* adds up to 1\.3, not 1"),
        ('"Plumbing"', '"Plumbin"', r"leads\.trades: .*did you mean Plumbing\?"),
        ("eastern = 0.40", "eastren = 0.40", r"leads\.regions: .*did you mean eastern\?"),
        ('"AZ"', '"ZZ"', r"consents\.opted_in_states: .*ZZ is no state"),
        ('"short_text"', '"short_txt"', r"planted\.0\.feature: .*did you mean short_text\?"),
        ('metric = "replied"', 'metric = "opened"', r"planted\.0\.metric"),
        ("10-12", "ten", r"planted\.4\.where: .*no span of whole hours such as 9-11"),
        ('id = "short opener"', 'id = "short mail"', r"planted twice: short mail"),
        ("2026-09-14", "2026-09-15", r"first_day 2026-09-15 is no Monday"),
        (
            "[[planted]]",
            '[times]\n"emails.reply_per_persn" = 2\n\n[[planted]]',
            r"emails\.reply_per_person\?",
        ),
        ("[[planted]]", '[[faults]]\nkind = "webhook_lst"\n\n[[planted]]', r"faults: .*webhook_lst"),
        ("[leads]", "[leads", r"ordinary\.toml"),
    ],
)
def test_mistake__is_named_with_file_field_and_fix(tmp_path: Path, old: str, new: str, named: str) -> None:
    path = tmp_path / "ordinary.toml"
    path.write_text(ORDINARY.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ConfigurationError, match=named) as caught:
        load(str(path))
    assert "ordinary.toml" in str(caught.value)


def test_file__says_only_where_it_differs_from_the_world_it_is_like(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('like = "ordinary"\nplanted = []\n[leads]\nper_week = 55\n', encoding="utf-8")
    name, world = load(str(path))
    assert (name, world.leads.per_week, world.planted) == ("mine", 55, ())
    assert world.leads.trades == _world().leads.trades
    path.write_text('like = "ordinery"\n', encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"mine\.toml: like: 'ordinery' is none of .*ordinary"):
        load(str(path))


def test_name__that_is_no_world_lists_those_there_are() -> None:
    with pytest.raises(ConfigurationError, match=r"ordinary.*did you mean ordinary\?"):
        load("ordinery")


@pytest.mark.parametrize(("arrive", "days"), [("daily", 5), ("weekly", 1)])
def test_week__brings_the_leads_it_says(arrive: str, days: int) -> None:
    world = _world()
    leads = world.leads.model_copy(update={"arrive": arrive, "per_week": 701})
    counts = [count for _, count in mornings(world.model_copy(update={"leads": leads}), WEEK)]
    assert len(counts) == days
    assert sum(counts) == 701
    assert max(counts) - min(counts) <= 1


def test_leads__are_made_up_and_nobody_is_somebody_else() -> None:
    rows, _ = everybody(_week(_world()))
    numbers = [row[name] for row in rows for name in ("mobile phone", "work direct phone") if row[name]]
    emails = [row["email"] for row in rows if row["email"]]
    assert len(numbers) == len(set(numbers))
    assert len(emails) == len(set(emails))
    assert all(re.fullmatch(r"\+1\d{3}555\d{4}", number) for number in numbers)
    assert all(email.endswith(".example") for email in emails)
    assert len(populated(_world(), _week(_world()), 1).people) == len(rows)


def test_leads__follow_the_mix_and_the_seed() -> None:
    world = _world()
    rows, consents = everybody(_week(world))
    shares = Counter(row["lists"] for row in rows)
    assert shares["apollo"] / len(rows) == pytest.approx(0.75, abs=0.06)
    mobile = sum(bool(row["mobile phone"]) for row in rows)
    assert mobile / len(rows) == pytest.approx(0.46, abs=0.07)
    calls = sum(row["channel"] == "call" for row in consents)
    assert calls / mobile == pytest.approx(0.30, abs=0.1)
    assert everybody(_week(world)) == (rows, consents)
    assert everybody(_week(world, seed=2))[0] != rows
    assert {state_code(row["state"]) for row in rows} > set(world.consents.opted_in_states)


def test_a_longer_run__begins_with_the_same_leads() -> None:
    world = _world("tiny")
    assert arrivals(world, 3, 2 * WEEK)[:5] == arrivals(world, 3, WEEK)


def test_regions__turn_evenly_into_the_later_ones() -> None:
    leads = _world().leads.model_copy(
        update={
            "regions": {"eastern": 1.0},
            "regions_later": {"eastern": 0.5, "pacific": 0.5},
            "turn_weeks": 2,
        }
    )
    world = _world().model_copy(update={"leads": leads, "first_day": date(2026, 9, 14)})
    assert regions_on(world, date(2026, 9, 14)) == {"eastern": 1.0, "pacific": 0.0}
    assert regions_on(world, date(2026, 9, 21)) == {"eastern": 0.75, "pacific": 0.25}
    assert regions_on(world, date(2027, 9, 21)) == {"eastern": 0.5, "pacific": 0.5}


def test_senders__are_warm_since_as_many_days_as_the_file_says() -> None:
    found = senders(_world())
    assert (len(found.numbers), len(found.mailboxes)) == (4, 12)
    assert (_world().first_day - found.warm_since).days == _world().senders.warm_days


def test_budget__of_a_world_is_the_owners_directive(tmp_path: Path) -> None:
    path = tmp_path / "rich.toml"
    budget = "daily_usd = { call = 600.0, email = 10.0, sms = 50.0, lookup = 50.0 }"
    path.write_text(ORDINARY.replace("warm_days = 60", f"warm_days = 60\n{budget}"), encoding="utf-8")
    from shared.directives import Book

    plain, rich = (Book.from_files(directives(world)) for world in (_world(), load(str(path))[1]))
    assert rich.outreach.daily_usd.call == 600.0
    assert rich.outreach.scoring == plain.outreach.scoring
    assert plain.outreach.daily_usd.call < 600.0


def test_stormy__has_every_kind_of_fault() -> None:
    sorts = get_args(get_args(AnyEntry)[0])
    kinds = {kind for sort in sorts for kind in get_args(sort.model_fields["kind"].annotation)}
    assert kinds == {fault.kind for fault in _world("stormy").faults}
