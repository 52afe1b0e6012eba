"""Counting the places of a text message."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.directives import gsm


@pytest.mark.parametrize(
    ("text", "places"), [("", 0), ("Hello", 5), ("ñéü", 3), ("€", 2), ("[a]", 5), ("a\n", 2)]
)
def test_septets__counts(text: str, places: int) -> None:
    assert gsm.septets(text) == places


@pytest.mark.parametrize("char", ["’", "ç", "č", "🙂", "\t", "א"])
def test_septets__refuses_what_would_change_the_alphabet(char: str) -> None:
    with pytest.raises(ValueError, match="cannot carry"):
        gsm.septets(f"a{char}")


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("It’s “on” – now…", 'It\'s "on" - now...'),
        ("Čeněk ça", "Cenek ca"),
        ("ñ", "ñ"),
        ("א🙂", ""),
        ("½", "12"),
    ],
)
def test_fold__keeps_what_can_be_read(text: str, folded: str) -> None:
    assert gsm.fold(text) == folded


@given(st.text())
def test_fold__always_fits_the_alphabet(text: str) -> None:
    gsm.septets(gsm.fold(text))
