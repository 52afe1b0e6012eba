"""From a row to a lead."""

from __future__ import annotations

import pytest

from functions.campaigns.leads.company import company_of, domain_of, employees_of
from functions.campaigns.leads.normalize import Lead, Refusal
from tests.unit.leads.lists import lead, refusal, row, taken


@pytest.mark.parametrize(
    ("typed", "email"),
    [
        (" Ada.Baker@Works.Example ", "ada.baker@works.example"),
        ("mailto:ada@works.example", "ada@works.example"),
        ("Ada Baker <ada@works.example>", "ada@works.example"),
        ("ada@works.example; ada@home.example", "ada@works.example"),
        ("'ada@works.example", "ada@works.example"),
        ("ada\u200b@works.example", "ada@works.example"),
        ("ada@bücher.example", "ada@xn--bcher-kva.example"),
    ],
)
def test_email__is_read(typed: str, email: str) -> None:
    assert row(email=typed)["email"] == email


@pytest.mark.parametrize(
    "typed",
    [
        *(
            "ada@",
            "ada baker@works.example",
            "ada,baker@works.example",
            "ada@@works.example",
            "ada#works.example",
        ),
        *(
            "josé@works.example",
            "ada@localhost",
            "ada@works..example",
            "ada@[127.0.0.1]",
            "=cmd@works.example",
        ),
        "x" * 10_000 + "@works.example",
    ],
)
def test_email__that_is_none_is_never_repaired_into_somebody_elses(typed: str) -> None:
    assert (
        refusal(email=typed) == "no email and no usable phone; 'email' was left out: it is no email address"
    )


def test_email__second_column_counts_when_the_first_is_none() -> None:
    found = lead(email="ada@", secondary_email="ada@home.example", country="US")
    assert found.row["email"] == "ada@home.example"
    assert found.notes == ("'email' was left out: it is no email address",)


def test_email__that_bounced_before_is_left_out() -> None:
    found = lead(email="ada@works.example", phone="404-555-0101", email_bounced="True")
    assert found.row["email"] is None
    assert "bounced" in found.notes[0]


def test_email__of_a_function_is_noted() -> None:
    assert lead(email="info@works.example").notes == (
        "the email address is one of a function, not of a person",
        "nothing says which country this is, and without one nobody is contacted",
    )


def test_phones__each_once_with_label_and_extension() -> None:
    found = row(
        phone="404-555-0101", corporate_phone="(404) 555-0101 ext. 7", mobile="'+14045550102", state="Georgia"
    )
    assert found["phones"] == [
        {"number": "+14045550102", "label": "mobile", "extension": None},
        {"number": "+14045550101", "label": "company", "extension": "7"},
    ]


def test_phones__the_first_usable_of_several_in_a_cell() -> None:
    assert row(phone="none / 404-555-0102", state="GA")["phones"][0]["number"] == "+14045550102"


def test_phones__bad_one_beside_a_good_email_is_noted() -> None:
    assert lead(state="GA", phone="555-0199").notes == ("'phone' was left out: it has no area code",)


@pytest.mark.parametrize("filler", ["N/A", "-", "none", "", "#N/A"])
def test_phones__filler_is_nothing(filler: str) -> None:
    assert lead(state="GA", phone=filler).notes == ()


def test_phones__number_of_another_country_is_no_number_of_a_lead_in_the_us() -> None:
    assert refusal(country="US", phone="+1 416 555 0101") == (
        "no email and no usable phone; 'phone' was left out: it is a number of another country"
    )


def test_phones__number_of_puerto_rico_is_one_of_the_us() -> None:
    assert row(country="US", phone="787-555-0101")["phones"][0]["number"] == "+17875550101"


@pytest.mark.parametrize(
    ("cells", "country", "region"),
    [
        ({"country": "United States", "state": "arizona"}, "US", "AZ"),
        ({"country": "U.S.A.", "zip": "2134"}, "US", "MA"),
        ({"state": "Ga"}, "US", "GA"),
        ({"zip": "30301.0"}, "US", "GA"),
        ({"country": "Canada", "state": "Ontario"}, "CA", "ON"),
        ({"state": "QC"}, "CA", "QC"),
        ({"country": "UK", "state": "England"}, "GB", "England"),
        ({"country": "Puerto Rico"}, "US", "PR"),
        ({"country": "Trinidad and Tobago"}, "TT", None),
        ({"country": "Georgia"}, None, None),
        ({"phone": "+44 20 7946 0001"}, "GB", None),
        ({"phone": "404-555-0101"}, "US", None),
        ({"company_country": "United States", "company_state": "Texas"}, "US", "TX"),
        ({"city": "Dallas", "company_city": "Dallas", "company_state": "Texas"}, "US", "TX"),
    ],
)
def test_country__is_named_or_follows(cells: dict[str, str], country: str | None, region: str | None) -> None:
    if country is None:
        assert refusal(email="ada@works.example", **cells) == "the country is not known by that name"
    else:
        found = row(**cells)
        assert (found["country"], found["region"]) == (country, region)


def test_country__nowhere_said_is_left_open() -> None:
    found = lead()
    assert (found.row["country"], found.row["zones"]) == (None, [])
    assert found.notes == ("nothing says which country this is, and without one nobody is contacted",)


def test_state__that_is_none_is_noted_and_leaves_all_zones_open() -> None:
    found = lead(country="US", state="Nowhere")
    assert found.row["region"] is None
    assert len(found.row["zones"]) == 5
    assert found.notes == ("the state is not known by that name",)


def test_zones__of_person_and_office_in_different_states_both_count() -> None:
    found = row(country="US", state="CA", company_country="US", company_state="NY")
    assert (found["region"], found["zone_source"]) == ("CA", "conflict")
    assert found["zones"] == ["America/Los_Angeles", "America/New_York"]


def test_zones__zip_of_the_office_in_the_same_city_decides() -> None:
    cells = {"city": "El Paso", "state": "TX", "company_city": "El Paso", "company_state": "TX"}
    found = row(country="US", company_country="US", company_postal_code="79901", **cells)
    assert (found["zones"], found["zone_source"]) == (["America/Denver"], "zip")


@pytest.mark.parametrize(
    ("cells", "first", "last"),
    [
        ({"first_name": "ANDRE", "last_name": "o'neil-crane"}, "Andre", "O'Neil-Crane"),
        ({"first_name": "DeShawn", "last_name": "McKay"}, "DeShawn", "McKay"),
        ({"first_name": "JJ", "last_name": "'t Hooft"}, "JJ", "'t Hooft"),
        ({"name": "Dr. Ada Mae Baker"}, "Ada", "Mae Baker"),
        ({"name": "Baker, Ada"}, "Ada", "Baker"),
        ({"name": "Ada"}, "Ada", None),
        ({"name": "Null"}, "Null", None),
        ({"first_name": "Ada\r\nBcc: x"}, "Ada Bcc: x", None),
        ({"first_name": "\u202eAda\x00\x07"}, "Ada", None),
        ({"first_name": "<script>x</script>"}, None, None),
        ({"first_name": "{{ settings }}"}, None, None),
        ({"first_name": "=HYPERLINK(1)"}, None, None),
        ({"first_name": "+Ada"}, "Ada", None),
        ({"first_name": "A" * 10_000}, None, None),
        ({"first_name": "סבטלנה"}, "סבטלנה", None),
        ({"first_name": "N/A"}, None, None),
    ],
)
def test_name__is_cleaned(cells: dict[str, str], first: str | None, last: str | None) -> None:
    found = row(**cells)
    assert (found["first_name"], found["last_name"]) == (first, last)


def test_formula__is_left_out_and_noted() -> None:
    assert "'title' was left out: it holds a formula" in lead(title="=cmd|'/c calc'!A0").notes


def test_row__in_quotes_for_excel_keeps_its_zero() -> None:
    assert row(country="US", zip='="02134"')["postal_code"] == "02134"


@pytest.mark.parametrize(
    "cells",
    [{"dnd": "yes"}, {"Unsubscribed": "2026-01-02"}, {"stage": "Do Not Contact"}, {"do_not_call": "x"}],
)
def test_row__marked_as_not_to_be_contacted_is_refused(cells: dict[str, str]) -> None:
    reason = refusal(email="ada@works.example", **cells)
    assert reason == "the file says not to contact this person"


@pytest.mark.parametrize("mark", ["no", "false", "0", "N/A", ""])
def test_row__marked_as_free_is_taken(mark: str) -> None:
    assert row(dnd=mark)["email"]


def test_row__with_an_unquoted_comma_is_refused_since_its_cells_are_shifted() -> None:
    found = taken("company,email\nBaker, Inc.,ada@works.example\nBaker,ben@works.example,,\n")
    assert isinstance(found[0], Refusal)
    assert "more cells than the header" in found[0].reason
    assert isinstance(found[1], Lead)


def test_row__without_anything_is_refused_as_empty() -> None:
    assert refusal(name="", email=" \t") == "the row is empty"


def test_company__is_the_same_for_colleagues() -> None:
    keys = {
        company_of("Baker Roofing, Inc.", "https://www.baker.example/about", None, "GA").key,
        company_of("BAKER ROOFING LLC", None, "ada@baker.example", "AL").key,
    }
    assert keys == {"baker.example"}
    assert company_of("The Baker & Sons Co.", None, "a@gmail.com", "GA").key == "baker sons|ga"
    assert company_of("Baker Sons", "facebook.com/baker", None, "GA").key == "baker sons|ga"
    assert company_of(None, None, "a@gmail.com", "GA").key is None


@pytest.mark.parametrize(
    ("website", "domain"),
    [
        ("HTTP://Baker.Example:80/x?y", "baker.example"),
        ("baker.example.", "baker.example"),
        ("https://user@shop.baker.example", "shop.baker.example"),
        ("https://m.facebook.com/baker", None),
        ("none yet", None),
        ("localhost", None),
        ("gmail.com", None),
    ],
)
def test_domain__is_a_companys_own(website: str, domain: str | None) -> None:
    assert domain_of(website) == domain


@pytest.mark.parametrize(
    ("typed", "count"),
    [("48", 48), ("1,200", 1200), ("11-50", 30), ("1.2k", 1200), ("51 to 200 people", 126), ("many", None),
     ("99999999999", None), ("0", None), ("1 2 3", None)],
)  # fmt: skip
def test_employees__are_counted(typed: str, count: int | None) -> None:
    assert employees_of(typed) == count
