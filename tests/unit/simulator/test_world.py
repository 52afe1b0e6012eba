"""Who is in a world, and how often they do what."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from shared.errors import ConfigurationError
from simulator.leads import CONSENTS, DEMO
from simulator.world import Rates, World
from simulator.world.calls import CallOutcome, dial, human_share
from simulator.world.dice import dice
from simulator.world.emails import receive
from simulator.world.population import read_rows
from simulator.world.rates import BASE_RATES
from simulator.world.texts import receive_text
from tests.unit.simulator.worlds import ADA, ADA_ID, MONDAY, RATES, ada, ada_world, crowd, world_of

ELEVEN = MONDAY.replace(hour=16)
DIALS = 5000
EAST = "America/New_York"


def _dials(world: World, n: int = 1, at: datetime = ELEVEN) -> Iterator[CallOutcome]:
    for person in world.people.values():
        yield dial(world, person, next(iter(person.phones)), n=n, at=at)


def test_rows_about_one_person__become_one_person() -> None:
    rows = [
        ADA,
        ADA | {"email": "ADA@EXAMPLE.COM", "mobile phone": ""},
        ADA | {"email": "", "company": "Example Heating, Inc."},
        {"first name": "Ada", "last name": "Example", "company": "example heating", "phone": "555"},
    ]
    assert list(world_of(rows).people) == [ADA_ID]


def test_colleagues_on_one_line__stay_two_people() -> None:
    grace = {"first name": "Grace", "last name": "Sample", "company": "Example Heating"}
    line = {"corporate phone": "+13035550188"}
    world = world_of([ADA | line, grace | line])
    found = world.at_phone("+13035550188", hint="Hello Grace, this is")
    assert len(world.people) == 2
    assert found is not None
    assert found.first_name == "Grace"


def test_colleague__is_not_meant_by_a_word_that_holds_the_name() -> None:
    ida = {"first name": "Ida", "last name": "Sample", "company": "Example Heating"}
    line = {"corporate phone": "+13035550188"}
    world = world_of([ida | line, ADA | line])
    found = world.at_phone("+13035550188", hint='contact: "Ada", place: "Florida"')
    assert found is not None
    assert found.first_name == "Ada"


def test_world__does_not_depend_on_the_order_of_rows() -> None:
    leads, consents = read_rows(DEMO), read_rows(CONSENTS)
    shuffled = dice(3).sample(leads, len(leads))
    assert World.build(shuffled, consents, RATES, 5).people == World.build(leads, consents, RATES, 5).people


def test_world__another_seed_gives_the_same_people_other_traits() -> None:
    leads, consents = read_rows(DEMO), read_rows(CONSENTS)
    first, second = (World.build(leads, consents, RATES, seed) for seed in (1, 2))
    assert first.people.keys() == second.people.keys()
    assert {n: p.line_type for n, p in first.lines.items()} != {
        n: p.line_type for n, p in second.lines.items()
    }


def test_address__decides_the_zone() -> None:
    assert ada(ada_world(city="Rapid City", state="South Dakota")).zone == "America/Denver"
    assert ada(ada_world(city="Sioux Falls", state="SD")).zone == "America/Chicago"
    assert ada(ada_world(city="", state="HI")).zone == "Pacific/Honolulu"


@pytest.mark.parametrize(
    ("column", "staff", "answered", "voicemail"),
    [("mobile phone", "12", 0.10, 0.60), ("phone", "12", 0.50, 0.22), ("phone", "400", 0.30, 0.10)],
)
def test_dial__meets_the_published_shares(column: str, staff: str, answered: float, voicemail: float) -> None:
    world = crowd(column, DIALS, staff)
    found = [outcome for outcome in _dials(world, at=MONDAY.replace(month=9, day=7, hour=19))]
    counts = Counter(outcome.disposition for outcome in found)
    assert sum(outcome.talked for outcome in found) / DIALS == pytest.approx(answered, rel=0.12)
    assert counts["voicemail"] / DIALS == pytest.approx(voicemail, rel=0.12)
    assert counts["invalid_number"] / DIALS == pytest.approx(0.05, abs=0.025)


def test_dial__repeated_reaches_fewer_new_people_each_time() -> None:
    """Belkins: 9.9 % per dial, but .179, .245 and .301 of prospects after two, three and four dials."""
    world = crowd("mobile phone", DIALS)
    reached: set[int] = set()
    shares = []
    at = MONDAY.replace(hour=17)
    for n in range(1, 5):
        reached |= {place for place, outcome in enumerate(_dials(world, n, at)) if outcome.talked}
        shares.append(len(reached) / DIALS)
    assert shares == pytest.approx([0.099, 0.179, 0.245, 0.301], rel=0.12)


def test_dial__books_meetings_as_rarely_as_published() -> None:
    world = crowd("mobile phone", DIALS)
    meetings = sum(
        outcome.disposition == "meeting"
        for n in range(1, 6)
        for outcome in _dials(world, n, MONDAY + timedelta(days=n - 1))
    )
    assert meetings / (5 * DIALS) == pytest.approx(0.0027, rel=0.35)


def test_dial__of_somebody_who_asked_is_mostly_answered() -> None:
    world = crowd("mobile phone", 2000)
    asked = [
        dial(world, person, next(iter(person.phones)), n=1, at=ELEVEN, asked=True).talked
        for person in world.people.values()
    ]
    assert sum(asked) / 2000 == pytest.approx(0.6 * 0.94, abs=0.04)


def test_answering__is_likelier_at_ten_than_at_eight_and_in_the_east() -> None:
    phone = next(iter(crowd("mobile phone", 1).lines.values()))
    eight, ten = (
        human_share(RATES, phone, 0.1, "America/New_York", MONDAY.replace(hour=h)) for h in (12, 14)
    )
    west = human_share(RATES, phone, 0.1, "America/Los_Angeles", MONDAY.replace(hour=17))
    assert ten / eight == pytest.approx(1.11 / 0.84)
    assert ten / west == pytest.approx(1.05 / 0.93)


def test_call__carries_a_meeting_inside_working_hours_only_when_one_was_booked() -> None:
    found = [outcome for n in range(1, 4) for outcome in _dials(crowd("phone", 2000), n)]
    booked = [outcome.meeting_at for outcome in found if outcome.meeting_at]
    assert all(bool(outcome.meeting_at) == (outcome.disposition == "meeting") for outcome in found)
    assert all(bool(outcome.callback_at) == (outcome.disposition == "callback") for outcome in found)
    assert booked
    assert all(at > ELEVEN and at.minute in {0, 30} for at in booked)


def test_early_hangup__is_always_shorter_than_ten_seconds() -> None:
    found = [outcome for outcome in _dials(crowd("phone", 3000)) if outcome.disposition == "early_hangup"]
    assert len(found) > 100
    assert all(0 < outcome.talk_s < 10 for outcome in found)


def test_emails__are_answered_as_rarely_as_published() -> None:
    world = crowd("phone", DIALS)
    replies: Counter[str] = Counter()
    kinds: Counter[str] = Counter()
    for person in world.people.values():
        for n in range(1, 6):
            at = MONDAY + timedelta(days=7 * n)
            found = receive(world, person, n=n, at=at, previous=at - timedelta(days=7)).happenings
            kinds.update({happening.kind for happening in found})
            replies.update(happening.reply_class or "" for happening in found if happening.kind == "replied")
    assert replies.total() / DIALS == pytest.approx(0.034, rel=0.2)
    assert replies["positive"] / replies.total() == pytest.approx(0.40, abs=0.09)
    assert kinds["bounced"] / (5 * DIALS) == pytest.approx(0.015, abs=0.005)
    assert kinds["out_of_office"] / (5 * DIALS) == pytest.approx(0.04, rel=0.1)
    left = kinds["unsubscribed_one_click"] + kinds["unsubscribed_on_page"]
    assert left / DIALS == pytest.approx(0.008, rel=0.35)


def test_emails__every_day_bring_many_more_complaints() -> None:
    world = crowd("phone", DIALS)
    counts = []
    for gap in (timedelta(days=1), timedelta(days=7)):
        outcomes = (
            receive(world, person, n=n, at=MONDAY, previous=MONDAY - gap)
            for person in world.people.values()
            for n in (2, 3)
        )
        counts.append(sum(outcome.disposition == "complained" for outcome in outcomes))
    assert counts[0] > 5 * max(counts[1], 1)


def test_happenings__never_precede_the_mail() -> None:
    world = crowd("phone", 1500)
    for person in world.people.values():
        outcome = receive(world, person, n=1, at=MONDAY)
        times = [happening.at for happening in outcome.happenings]
        assert times == sorted(times)
        assert times[0] > MONDAY


def test_texts__without_consent_are_punished() -> None:
    world = crowd("mobile phone", 3000)
    shares = []
    for agreed in (True, False):
        outcomes = [
            receive_text(world, person, next(iter(person.phones)), n=1, at=MONDAY, agreed=agreed)
            for person in world.people.values()
        ]
        arrived = [one for one in outcomes if one.disposition not in {"undelivered", "sms_failed"}]
        shares.append(sum(outcome.disposition == "opted_out" for outcome in arrived) / len(arrived))
    assert shares == pytest.approx([0.015, 0.15], rel=0.4)


def test_texts__to_a_landline_are_not_delivered() -> None:
    world = crowd("phone", 200)
    outcomes = [
        receive_text(world, person, number, n=1, at=MONDAY, agreed=True)
        for person in world.people.values()
        for number, phone in person.phones.items()
        if phone.line_type == "landline" and not phone.invalid
    ]
    assert {outcome.error_code for outcome in outcomes} == {30006}


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ("human = 0.50", "human = 0.80", "calls.segments.main_line"),
        ("transient_bounce = 0.004", "transient_bounce = 1.4", "emails.transient_bounce"),
        ("transient_bounce = 0.004\n", "", "emails.transient_bounce"),
        ("transient_bounce", "transient_bounces", "emails.transient_bounces"),
        ("mobile = 0.96", "mobile = 0.50", "lines"),
        ("[texts]", "[texts", "rates.toml"),
    ],
)
def test_rates__a_mistake_is_named_with_file_and_field(
    tmp_path: Path, old: str, new: str, named: str
) -> None:
    path = tmp_path / "rates.toml"
    path.write_text(BASE_RATES.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ConfigurationError, match=named) as caught:
        Rates.load(path)
    assert "rates.toml" in str(caught.value)


def test_rates__a_missing_file_is_a_configuration_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"absent\.toml"):
        Rates.load(tmp_path / "absent.toml")
