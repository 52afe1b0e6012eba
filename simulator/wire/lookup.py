"""Twilio Lookup v2: what sort of line a number is."""

from __future__ import annotations

import phonenumbers

from simulator.wire.http import Request, Response, answer
from simulator.world import World

UNASKED = (
    "caller_name",
    "sim_swap",
    "call_forwarding",
    "line_status",
    "identity_match",
    "reassigned_number",
    "sms_pumping_risk",
    "phone_number_quality_score",
    "pre_fill",
)


def looked_up(world: World, request: Request) -> Response:
    """`GET /v2/PhoneNumbers/{number}`: validity is a matter of form, the line type is the world's truth."""
    number = request.path.rpartition("/")[2]
    try:
        parsed = phonenumbers.parse(number, "US")
    except phonenumbers.NumberParseException:
        return answer(404, {"code": 20404, "message": "not found", "more_info": "", "status": 404})
    fields = request.query.get("Fields", "").split(",")
    wants_type = "line_type_intelligence" in fields
    e164 = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    body: dict[str, object] = {
        "calling_country_code": str(parsed.country_code),
        "country_code": phonenumbers.region_code_for_number(parsed),
        "phone_number": e164,
        "national_format": phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.NATIONAL),
        "valid": phonenumbers.is_possible_number(parsed),
        "validation_errors": [],
        "line_type_intelligence": line_type(world, e164) if wants_type else None,
        "url": f"https://lookups.twilio.com/v2/PhoneNumbers/{e164}",
    }
    return answer(200, body | dict.fromkeys(UNASKED))


def line_type(world: World, number: str) -> dict[str, object]:
    """The package's answer; a number nobody knows has type null."""
    phone = world.phone(number)
    kind = phone.listed_type if phone else None
    return {
        "type": kind,
        "carrier_name": "Example Wireless" if kind == "mobile" else "Example Telephone" if kind else None,
        "mobile_country_code": "310" if kind == "mobile" else None,
        "mobile_network_code": "456" if kind == "mobile" else None,
        "error_code": None,
    }
