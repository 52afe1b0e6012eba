"""Send what is due, to whom it is allowed, at this minute: claim → gate → begin → send → record.

One touch's trouble never stops the others; trouble of a whole channel stops that channel for this tick.
What may have gone out is never repeated here: it stays `unknown` until its provider has been asked.
"""

from __future__ import annotations

from functions.campaigns.senders import check_health, in_words, with_health
from functions.campaigns.sending import Sending
from functions.campaigns.tally import Tally
from functions.hot_leads import tell_owner
from functions.slots import local_date
from shared.loop import Loop
from shared.period import Period
from shared.providers.channel import ChannelName
from shared.report import StageReport
from shared.state.outreach import TickState

STAGE = "outreach_tick"
CHANNELS: tuple[ChannelName, ...] = ("call", "sms", "email")


def run(loop: Loop, period: Period, *, preview: bool, run_no: int) -> StageReport:  # noqa: ARG001 - one shape
    """One tick. With nothing due it is three round trips to the database beyond the slot's own.

    Hot leads first: the owner waits for them, and they need neither the gate nor a window.

    It fails, whatever else went out, when a channel is down until somebody acts; and when nothing went out
    because of touches that could not be made into messages.
    """
    today = local_date(loop.clock.now(), loop.zone)
    found = loop.state.outreach.open_tick(today)
    tally = Tally()
    if not preview:
        told = tell_owner(loop, found.now)
        tally.notes += [f"hot leads: {n} {what}" for what, n in sorted(told.items())]
    if not preview and any(found.due.values()):
        send_due(loop, found, tally)
    return tally.report(STAGE, found)


def send_due(loop: Loop, found: TickState, tally: Tally) -> None:
    """Send on every channel that has something due, or tell what is due why nothing goes out."""
    status = loop.state.live.status()
    if status.kill_switch or not (status.may_send and loop.may_send):
        code = "KILL_SWITCH" if status.kill_switch else "NOT_LIVE"
        tally.refused[code] += loop.state.outreach.hold_due(code)
        return
    changed = check_health(loop, local_date(found.now, loop.zone))
    tally.notes += in_words(changed)
    found = with_health(found, changed)
    for channel in CHANNELS:
        if found.due.get(channel) and not tally.halted:
            Sending(loop, channel, found, tally).run()
    if tally.halted:
        tally.refused[tally.halted] += loop.state.outreach.hold_due(tally.halted)
