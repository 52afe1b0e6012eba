"""Which columns are recognised, and what is said when they are not."""

from __future__ import annotations

import pytest

from functions.campaigns.leads.columns import Columns, Kind, origin, recognise
from functions.campaigns.leads.table import Row
from shared.errors import ConfigurationError
from simulator.leads import columns as shipped

GHL = (
    *("Contact Id", "First Name", "Last Name", "Business Name", "Phone", "Email", "Created", "Last Activity"),
    "Tags",
)


def recognised(*names: str, kind: Kind = "leads") -> Columns:
    return recognise(Row(1, names), kind, "list.csv")


def complaint(*names: str, kind: Kind = "leads") -> str:
    with pytest.raises(ConfigurationError) as caught:
        recognised(*names, kind=kind)
    return str(caught.value)


def test_apollo__its_columns_are_found_without_remarks() -> None:
    found = recognised(*shipped.LEADS)
    assert found.notes == ()
    assert [name for _, name in found.places["company_phone"]] == ["'Corporate Phone'", "'Company Phone'"]
    assert {"email", "direct_phone", "mobile_phone", "region", "company_region", "employees"} <= set(
        found.places
    )


def test_ghl__its_columns_are_found() -> None:
    assert {"first_name", "last_name", "company", "other_phone", "email", "tags"} == set(
        recognised(*GHL).places
    )


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("E-Mail", "email"),
        (" EMAIL_ADDRESS ", "email"),
        ("zip/postal code", "postal_code"),
        ("# Employees", "employees"),
        ("Full Name", "name"),
        ("Cell Phone", "mobile_phone"),
    ],
)
def test_names__are_compared_without_case_and_punctuation(name: str, field: str) -> None:
    assert field in recognised("phone", name).places


@pytest.mark.parametrize(
    ("names", "source"), [(shipped.LEADS, "apollo"), (GHL, "ghl"), (("name", "email"), "csv")]
)
def test_origin__is_seen_in_the_columns(names: tuple[str, ...], source: str) -> None:
    assert origin(Row(1, names)) == source


def test_wrong_columns__names_file_found_needed_and_near_miss() -> None:
    text = complaint("Frist Name", "Emial", "Shoe size")
    assert "list.csv: a column 'email' or 'direct phone' or" in text
    assert "Found: 'Frist Name', 'Emial', 'Shoe size'." in text
    assert "Is 'Emial' meant to be 'email'?" in text
    assert "Is 'Frist Name' meant to be 'first name'?" in text


def test_no_header__is_said_without_repeating_personal_data() -> None:
    text = complaint("Ada Baker", "ada@works.example", "404-555-0101")
    assert "Line 1 looks like a row, not like a header" in text
    assert "Ada" not in text
    assert "0101" not in text


def test_unknown_column_like_a_known_one__is_noted() -> None:
    notes = recognised("email", "Comapny", "Contact Owner", "Shoe size").notes
    assert notes == ("Column 'Comapny' is not known and was left out; is it 'company'?",)


@pytest.mark.parametrize(
    ("names", "option"),
    [
        (shipped.CONSENTS, "--consents"),
        (shipped.SCRUB, "--scrub"),
        (("state", "channel", "number", "valid until", "email"), "--registrations"),
    ],
)
def test_file_of_another_kind__is_not_taken_for_leads(names: tuple[str, ...], option: str) -> None:
    assert option in complaint(*names)


def test_consents__every_missing_column_is_named() -> None:
    text = complaint("email", "channel", "source", kind="consents")
    assert "a column 'consent type' and a column 'given on' and a column 'wording' is needed" in text
