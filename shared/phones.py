"""Telephone numbers as they arrive in lists, and as providers want them (E.164)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumber, PhoneNumberType, ValidationResult

from shared.gate.request import LineType

PhoneReason = Literal["empty", "not_a_number", "too_short", "too_long", "no_area_code", "invalid", "premium"]

_NANP: Final = re.compile(r"[2-9]\d{2}[2-9]\d{6}")
_SPREADSHEET_FLOAT: Final = re.compile(r"\A(\d{7,15})\.0\Z")

_UNPARSED: Final[dict[int, PhoneReason]] = {
    NumberParseException.TOO_SHORT_AFTER_IDD: "too_short",
    NumberParseException.TOO_SHORT_NSN: "too_short",
    NumberParseException.TOO_LONG: "too_long",
}
_IMPOSSIBLE: Final[dict[int, PhoneReason]] = {
    ValidationResult.IS_POSSIBLE_LOCAL_ONLY: "no_area_code",
    ValidationResult.TOO_SHORT: "too_short",
    ValidationResult.TOO_LONG: "too_long",
}
_TWILIO_LINE_TYPES: Final[dict[str, LineType]] = {
    "landline": "landline",
    "mobile": "mobile",
    "fixedVoip": "fixed_voip",
    "nonFixedVoip": "nonfixed_voip",
    "tollFree": "toll_free",
    "premium": "premium",
    "pager": "pager",
    "voicemail": "voicemail",
    "personal": "personal",
    "sharedCost": "shared_cost",
    "uan": "uan",
}


@dataclass(frozen=True)
class PhoneFinding:
    """A number, or why there is none: exactly one of `e164` and `reason` is set.

    `extension` is digits to dial after the answer. `country` is the ISO code of the numbering plan the number
    belongs to (CA for a +1 416 number in a US list), None where the plan does not tell.
    """

    e164: str | None
    reason: PhoneReason | None = None
    extension: str | None = None
    country: str | None = None


def normalize(raw: str | None, country: str = "US") -> PhoneFinding:
    """The E.164 form of a number as people write it; `country` applies where no country code is given.

    Accepts what is *possible*, not only what is *valid*: validity needs the list of assigned ranges, which
    lags behind new area codes and, depending on its release, refuses the fictitious 555-01xx numbers. A
    number that is possible but dead costs one look-up. For +1 the shape NXX-NXX-XXXX is required as well.
    Premium numbers are refused since a call to them is charged. Never raises.
    """
    text = _SPREADSHEET_FLOAT.sub(r"\1", (raw or "").strip())
    if not text:
        return PhoneFinding(None, "empty")
    try:
        number = phonenumbers.parse(text, country)
    except NumberParseException as error:
        return PhoneFinding(None, _UNPARSED.get(error.error_type, "not_a_number"))
    reason = _trouble(number)
    if reason:
        return PhoneFinding(None, reason)
    return PhoneFinding(
        phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164),
        extension=number.extension or None,
        country=phonenumbers.region_code_for_number(number),
    )


def line_type(twilio: str | None) -> LineType:
    """Twilio Lookup's `line_type_intelligence.type` in the gate's words; `unknown` for anything else."""
    return _TWILIO_LINE_TYPES.get(twilio or "", "unknown")


def _trouble(number: PhoneNumber) -> PhoneReason | None:
    possible = phonenumbers.is_possible_number_with_reason(number)
    if possible != ValidationResult.IS_POSSIBLE:
        return _IMPOSSIBLE.get(possible, "invalid")
    if number.country_code == 1 and not _NANP.fullmatch(phonenumbers.national_significant_number(number)):
        return "invalid"
    if phonenumbers.number_type(number) == PhoneNumberType.PREMIUM_RATE:
        return "premium"
    return None
