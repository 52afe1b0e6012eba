"""Where a lead may be, from as much of an address as there is."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from shared.zones import CONTIGUOUS, STATES, ZoneFinding, region_for, region_of_zip, zones_for

EASTERN, CENTRAL, MOUNTAIN = "America/New_York", "America/Chicago", "America/Denver"


@pytest.mark.parametrize(
    ("region", "postal_code", "city", "zones", "source"),
    [
        ("TN", "37902", "Knoxville", (EASTERN,), "zip"),
        ("TN", "37201-1234", None, (CENTRAL,), "zip"),
        (None, "37902", None, (EASTERN,), "zip"),
        ("TN", None, "Knoxville", (EASTERN,), "city"),
        ("Tennessee", "", " knoxville ", (EASTERN,), "city"),
        ("TN", None, "Atlantis", (CENTRAL, EASTERN), "state"),
        ("TN", None, None, (CENTRAL, EASTERN), "state"),
        ("TN", "99999", None, (CENTRAL, EASTERN), "state"),
        ("AZ", "85001", None, ("America/Phoenix",), "zip"),
        ("AZ", None, None, (MOUNTAIN, "America/Phoenix"), "state"),
        ("HI", None, None, ("Pacific/Honolulu",), "state"),
        ("NY", None, "Los Angeles", (EASTERN,), "state"),
        ("CA", "37902", None, ("America/Los_Angeles", EASTERN), "conflict"),
        ("MA", "2108", None, (EASTERN,), "zip"),
    ],
)
def test_zones_for__address(
    region: str | None, postal_code: str | None, city: str | None, zones: tuple[str, ...], source: str
) -> None:
    # The number's area code is Honolulu's and must not matter: people keep their numbers when they move.
    found = zones_for(region, postal_code, city, "+18085550123", "US")
    assert (found.zones, found.source) == (zones, source)


@pytest.mark.parametrize(
    ("phone", "own"),
    [("+12125550123", EASTERN), ("+18085550123", "Pacific/Honolulu"), ("+16025550123", "America/Phoenix")],
)
def test_zones_for__a_number_alone_only_tells_for_a_landline(phone: str, own: str) -> None:
    anywhere = zones_for(None, None, None, phone, "US")
    assert anywhere == ZoneFinding(tuple(sorted({own, *CONTIGUOUS})), "number")
    assert zones_for(None, None, None, phone, "US", fixed_line=True) == ZoneFinding((own,), "number")


@pytest.mark.parametrize("phone", [None, "", "+18005550199", "+15555550123", "nonsense"])
@pytest.mark.parametrize("fixed_line", [True, False])
def test_zones_for__nothing_known_leaves_every_contiguous_zone(phone: str | None, fixed_line: bool) -> None:
    found = zones_for(None, None, None, phone, "USA", fixed_line=fixed_line)
    assert found == ZoneFinding(tuple(sorted(CONTIGUOUS)), "country")


def test_zones_for__abroad_only_the_number_counts() -> None:
    assert zones_for("ON", None, "Toronto", "+14165550123", "CA") == ZoneFinding(
        ("America/Toronto",), "number"
    )
    assert zones_for("NY", "10001", None, None, "GB") == ZoneFinding((), "none")
    assert zones_for("NY", "10001", None, None, None) == ZoneFinding((), "none")


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        ("ny", "NY"),
        (" New  York ", "NY"),
        ("US-CA", "CA"),
        ("district of columbia", "DC"),
        ("West Virginia", "WV"),
        ("Virginia", "VA"),
        ("NORTH_CAROLINA", "NC"),
        ("Ontario", None),
        ("Oklahomma", None),
        ("", None),
        (None, None),
    ],
)
def test_region_for__codes_and_names(raw: str | None, code: str | None) -> None:
    assert region_for(raw) == code


@pytest.mark.parametrize(
    ("postal_code", "code"), [("37902", "TN"), ("379021234", "TN"), ("09001", None), ("x", None)]
)
def test_region_of_zip__military_and_unknown_have_none(postal_code: str, code: str | None) -> None:
    assert region_of_zip(postal_code) == code


@pytest.mark.parametrize("code", sorted(STATES))
def test_states__zones_exist(code: str) -> None:
    assert STATES[code][1]
    assert all(ZoneInfo(zone) for zone in STATES[code][1])
