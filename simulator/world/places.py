"""Where people really are: cities, their zones and area codes.

This is the world's own geography. It is written by hand and shares nothing with the zone rules of the
loop, so a mistake there cannot hide itself here.
"""

from __future__ import annotations

from dataclasses import dataclass

EASTERN = "America/New_York"
CENTRAL = "America/Chicago"
MOUNTAIN = "America/Denver"
ARIZONA = "America/Phoenix"
PACIFIC = "America/Los_Angeles"
ALASKA = "America/Anchorage"
HAWAII = "Pacific/Honolulu"


@dataclass(frozen=True)
class Place:
    """A city with its postal code, zone and one area code that belongs to it."""

    city: str
    state: str
    postal: str
    zone: str
    area: str
    country: str = "United States"


_ROWS = f"""
Boston|MA|02110|{EASTERN}|617
Worcester|MA|01608|{EASTERN}|508
Providence|RI|02903|{EASTERN}|401
Hartford|CT|06103|{EASTERN}|860
Portland|ME|04101|{EASTERN}|207
Manchester|NH|03101|{EASTERN}|603
Buffalo|NY|14202|{EASTERN}|716
Rochester|NY|14604|{EASTERN}|585
Syracuse|NY|13202|{EASTERN}|315
Newark|NJ|07102|{EASTERN}|973
Philadelphia|PA|19103|{EASTERN}|215
Pittsburgh|PA|15222|{EASTERN}|412
Baltimore|MD|21202|{EASTERN}|410
Richmond|VA|23219|{EASTERN}|804
Raleigh|NC|27601|{EASTERN}|919
Charlotte|NC|28202|{EASTERN}|704
Greenville|SC|29601|{EASTERN}|864
Atlanta|GA|30303|{EASTERN}|404
Savannah|GA|31401|{EASTERN}|912
Miami|FL|33131|{EASTERN}|305
Tampa|FL|33602|{EASTERN}|813
Pensacola|FL|32502|{CENTRAL}|850
Columbus|OH|43215|{EASTERN}|614
Cleveland|OH|44114|{EASTERN}|216
Cincinnati|OH|45202|{EASTERN}|513
Detroit|MI|48226|{EASTERN}|313
Iron Mountain|MI|49801|{CENTRAL}|906
Indianapolis|IN|46204|America/Indiana/Indianapolis|317
Gary|IN|46402|{CENTRAL}|219
Louisville|KY|40202|America/Kentucky/Louisville|502
Bowling Green|KY|42101|{CENTRAL}|270
Knoxville|TN|37902|{EASTERN}|865
Nashville|TN|37203|{CENTRAL}|615
Memphis|TN|38103|{CENTRAL}|901
Birmingham|AL|35203|{CENTRAL}|205
Jackson|MS|39201|{CENTRAL}|601
New Orleans|LA|70112|{CENTRAL}|504
Little Rock|AR|72201|{CENTRAL}|501
St. Louis|MO|63101|{CENTRAL}|314
Kansas City|MO|64106|{CENTRAL}|816
Chicago|IL|60602|{CENTRAL}|312
Peoria|IL|61602|{CENTRAL}|309
Milwaukee|WI|53202|{CENTRAL}|414
Minneapolis|MN|55402|{CENTRAL}|612
Des Moines|IA|50309|{CENTRAL}|515
Omaha|NE|68102|{CENTRAL}|402
Scottsbluff|NE|69361|{MOUNTAIN}|308
Wichita|KS|67202|{CENTRAL}|316
Goodland|KS|67735|{MOUNTAIN}|785
Oklahoma City|OK|73102|{CENTRAL}|405
Tulsa|OK|74103|{CENTRAL}|918
Dallas|TX|75201|{CENTRAL}|214
Houston|TX|77002|{CENTRAL}|713
Austin|TX|78701|{CENTRAL}|512
El Paso|TX|79901|{MOUNTAIN}|915
Fargo|ND|58102|{CENTRAL}|701
Sioux Falls|SD|57104|{CENTRAL}|605
Rapid City|SD|57701|{MOUNTAIN}|605
Denver|CO|80202|{MOUNTAIN}|303
Colorado Springs|CO|80903|{MOUNTAIN}|719
Salt Lake City|UT|84101|{MOUNTAIN}|801
Albuquerque|NM|87102|{MOUNTAIN}|505
Boise|ID|83702|America/Boise|208
Coeur d'Alene|ID|83814|{PACIFIC}|208
Billings|MT|59101|{MOUNTAIN}|406
Cheyenne|WY|82001|{MOUNTAIN}|307
Phoenix|AZ|85004|{ARIZONA}|602
Tucson|AZ|85701|{ARIZONA}|520
Las Vegas|NV|89101|{PACIFIC}|702
Reno|NV|89501|{PACIFIC}|775
Los Angeles|CA|90013|{PACIFIC}|213
San Diego|CA|92101|{PACIFIC}|619
Sacramento|CA|95814|{PACIFIC}|916
Portland|OR|97204|{PACIFIC}|503
Ontario|OR|97914|America/Boise|541
Seattle|WA|98101|{PACIFIC}|206
Spokane|WA|99201|{PACIFIC}|509
Anchorage|AK|99501|{ALASKA}|907
Honolulu|HI|96813|{HAWAII}|808
Toronto|ON|M5H 2N2|America/Toronto|416|Canada
Vancouver|BC|V6C 1S4|America/Vancouver|604|Canada
Montréal|QC|H2Y 1C6|America/Toronto|514|Canada
London|England|EC2V 7HH|Europe/London|44|United Kingdom
Manchester|England|M2 5DB|Europe/London|44|United Kingdom
"""

PLACES = tuple(Place(*row.split("|")) for row in _ROWS.strip().splitlines())

_ZONE_REGIONS = {
    EASTERN: "eastern",
    MOUNTAIN: "mountain",
    ARIZONA: "mountain",
    "America/Boise": "mountain",
    PACIFIC: "pacific",
    ALASKA: "pacific",
    "America/Vancouver": "pacific",
    HAWAII: "hawaii",
    "America/Indiana/Indianapolis": "eastern",
    "America/Kentucky/Louisville": "eastern",
    "America/Toronto": "eastern",
}

_NAMES = """
AL Alabama,AK Alaska,AZ Arizona,AR Arkansas,CA California,CO Colorado,CT Connecticut,DE Delaware,FL Florida,
GA Georgia,HI Hawaii,ID Idaho,IL Illinois,IN Indiana,IA Iowa,KS Kansas,KY Kentucky,LA Louisiana,ME Maine,
MD Maryland,MA Massachusetts,MI Michigan,MN Minnesota,MS Mississippi,MO Missouri,MT Montana,NE Nebraska,
NV Nevada,NH New Hampshire,NJ New Jersey,NM New Mexico,NY New York,NC North Carolina,ND North Dakota,OH Ohio,
OK Oklahoma,OR Oregon,PA Pennsylvania,RI Rhode Island,SC South Carolina,SD South Dakota,TN Tennessee,TX Texas,
UT Utah,VT Vermont,VA Virginia,WA Washington,WV West Virginia,WI Wisconsin,WY Wyoming,
DC District of Columbia,ON Ontario,BC British Columbia,QC Quebec
"""

STATE_NAMES = {
    code: name
    for code, _, name in (item.strip().partition(" ") for item in _NAMES.replace("\n", "").split(","))
}

_CODES = {name.casefold(): code for code, name in STATE_NAMES.items()}
_BY_CITY = {(place.city.casefold(), place.state): place for place in PLACES}


def _zones_by_state() -> dict[str, tuple[str, ...]]:
    zones: dict[str, list[str]] = {}
    for place in PLACES:
        known = zones.setdefault(place.state, [])
        if place.zone not in known:
            known.append(place.zone)
    zones |= {"DE": [EASTERN], "DC": [EASTERN], "VT": [EASTERN], "WV": [EASTERN]}
    return {state: tuple(names) for state, names in zones.items()}


STATE_ZONES = _zones_by_state()
AREA_PLACES = {place.area: place for place in reversed(PLACES)}


def region_of(zone: str) -> str:
    """The part of the country a zone belongs to, as answer rates know it."""
    return _ZONE_REGIONS.get(zone, "central")


def state_code(text: str) -> str:
    """The two-letter code for a state written in any usual way, or the text as it is."""
    cleaned = text.strip().strip(".").strip()
    if cleaned.upper() in STATE_NAMES:
        return cleaned.upper()
    return _CODES.get(cleaned.casefold(), cleaned)


def zones_of(city: str, state: str) -> tuple[str, ...]:
    """The zones a person at this address may be in; empty when the address says nothing."""
    place = _BY_CITY.get((city.strip().casefold(), state))
    return (place.zone,) if place else STATE_ZONES.get(state, ())


def place_of_number(number: str) -> Place | None:
    """The place an E.164 number's area code belongs to, or None."""
    if number.startswith("+44"):
        return AREA_PLACES["44"]
    return AREA_PLACES.get(number[2:5]) if number.startswith("+1") else None
