"""Calls whose review was never kept: the database was away for a moment after their report was stored."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from shared.loop import Loop
from shared.providers.vapi.transcript import review_of

LOOK_BACK: Final = timedelta(days=3)


def review_missed(loop: Loop) -> int:
    """Review what the last days left out; counts it. The rest of a long list comes the next night."""
    verbs, kept = loop.state.calls, 0
    for call in verbs.unreviewed(loop.clock.now() - LOOK_BACK):
        found = review_of(call.body, disposition=call.disposition, duration_s=call.duration_s)
        kept += found is not None and verbs.keep_review(call.touch_id, found)
    return kept
