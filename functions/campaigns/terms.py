"""The owner's terms of one run, as if every switch were open.

Planning happens before the owner goes live, and the tick begins only when the switches allow it; `begin_send`
looks at them again for every touch.
"""

from __future__ import annotations

from datetime import date

from functions.campaigns.contact import OwnerTerms, owner_terms
from shared.loop import Loop


def terms_when_open(loop: Loop, today: date) -> OwnerTerms:
    """What the owner decided, and what the installation has in place."""
    settings = loop.settings
    return owner_terms(
        loop.owner_settings,
        today=today,
        live=True,
        kill_switch=False,
        postal_address=bool(settings.postal_address),
        can_unsubscribe=bool(settings.public_url and settings.secret_key),
        line_type_valid_days=loop.book.outreach.lookup.valid_days,
    )
