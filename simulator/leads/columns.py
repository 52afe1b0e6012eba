"""The columns of the files and the names in them, all of it fictitious."""

from __future__ import annotations


def _listed(text: str) -> tuple[str, ...]:
    return tuple(item.strip() for item in text.replace("\n", " ").split(","))


LEADS = _listed(
    """First Name, Last Name, Title, Company, Company Name for Emails, Email, Email Status,
    Primary Email Source, Email Confidence, Primary Email Catch-all Status, Primary Email Last Verified At,
    Seniority, Departments, Contact Owner, Work Direct Phone, Home Phone, Mobile Phone, Corporate Phone,
    Other Phone, Stage, Lists, Last Contacted, Account Owner, # Employees, Industry, Keywords,
    Person Linkedin Url, Website, Company Linkedin Url, Facebook Url, Twitter Url, City, State, Country,
    Company Address, Company City, Company State, Company Country, Company Postal Code, Company Phone,
    Technologies, Annual Revenue, Total Funding, Latest Funding, Latest Funding Amount, Last Raised At,
    Recently Funded, Hiring, Leadership Change, Product Launch, Site Activity, Email Sent, Email Open,
    Email Bounced, Replied, Demoed, Apollo Contact Id, Apollo Account Id"""
)
CONSENTS = ("email", "phone", "channel", "consent_type", "scope", "given_on", "source", "wording")
SCRUB = ("phone", "scrubbed_on", "listed")

FIRST_NAMES = _listed(
    """Ada, Alan, Alicia, Andre, Angela, Anita, Arthur, Beatrice, Ben, Bianca, Björn, Bruce, Camille, Carla,
    Chloé, Colin, Dana, Darnell, Diego, Donna, Edith, Elena, Ellis, Emeka, Erin, Farid, Felix, Gail, Gordon,
    Grace, Hana, Harold, Hector, Ida, Imani, Ivan, Jada, James, Joan, Jorge, José, Kaori, Karen, Keith, Lena,
    Leon, Linus, Lucía, Marcus, Marta, Mei, Miles, Nadia, Neil, Nora, Olga, Omar, Owen, Paula, Priya,
    Quentin, Rafael, Ramona, Renée, Rita, Ruth, Samir, Sandra, Silas, Stella, Tariq, Teresa, Theo, Tova,
    Ulrich, Vera, Victor, Wanda, Wesley, Xavier, Yara, Yusuf, Zoë"""
)
LAST_NAMES = _listed(
    """Abbott, Adeyemi, Alvarez, Baker, Barnes, Becker, Bell, Bishop, Boone, Briggs, Carver, Castillo, Chen,
    Coleman, Crane, Cruz, Dalton, Dubois, Duncan, Ellison, Ericson, Farrow, Fields, Flores, Foster, Garner,
    Gibbs, Grady, Haines, Hale, Harmon, Hobbs, Ibarra, Ingram, Jansen, Jarvis, Keller, Kim, Knox, Lambert,
    Larkin, Lowe, Maddox, Marsh, Mercer, Müller, Nash, Nolan, Novak, Núñez, O'Brien, Okafor, Olsen, Ortega,
    Page, Park, Pratt, Quinn, Ramsey, Reyes, Rhodes, Rossi, Sato, Sawyer, Shaw, Singh, Stone, Tate, Thorne,
    Tran, Underhill, Vance, Vega, Voss, Walsh, Ward, Webb, Wilder, Yates, Zimmer"""
)
TITLES = (
    ("Owner", "Owner", "C-Suite"),
    ("President", "C suite", "C-Suite"),
    ("General Manager", "Manager", "Operations"),
    ("Operations Manager", "Manager", "Operations"),
    ("Office Manager", "Manager", "Operations"),
    ("VP of Operations", "Vp", "Operations"),
    ("Service Manager", "Manager", "Support"),
    ("Director of Sales", "Director", "Sales"),
)
TRADES = (
    ("Heating & Air", "construction", "hvac, heating, air conditioning"),
    ("Plumbing", "construction", "plumbing, drain cleaning"),
    ("Electric", "construction", "electrical contractor"),
    ("Roofing", "construction", "roofing, gutters"),
    ("Mechanical", "mechanical or industrial engineering", "mechanical contractor, boilers"),
    ("Property Services", "facilities services", "facilities, janitorial"),
    ("Landscaping", "consumer services", "landscaping, snow removal"),
    ("Logistics", "logistics & supply chain", "warehousing, freight"),
    ("Software", "information technology & services", "saas, scheduling"),
)
STATUSES = ("Verified", "Verified", "Verified", "Extrapolated", "Unverified", "User Managed")
STAFF = (3, 6, 9, 12, 18, 24, 35, 48, 48, 75, 120, 180, 400, 1200)
WORDING = {
    "call": "I agree that Example Services may call me with an artificial or prerecorded voice, also "
    "to sell, at the number given. Consent is not a condition of any purchase.",
    "sms": "I agree to receive marketing texts from Example Services at the number given. Reply STOP to end.",
    "email": "Please send me news and offers by email.",
}
