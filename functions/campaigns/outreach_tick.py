"""Hear what happened, settle what is unknown, then send what is due: claim → gate → begin → send → record.

One touch's trouble never stops the others; trouble of a whole channel stops that channel for this tick.
What may have gone out is never repeated here: it stays `unknown` until its provider has been asked.
"""

from __future__ import annotations

from datetime import timedelta

from functions.campaigns.listening import Listening
from functions.campaigns.reaper import reap
from functions.campaigns.reconcile import Reconcile
from functions.campaigns.senders import check_health, in_words, seed, with_health
from functions.campaigns.sending import Sending
from functions.campaigns.tally import Tally
from functions.failures import describe
from functions.hot_leads import tell_owner
from functions.slots import local_date
from shared.loop import Loop
from shared.period import Period
from shared.providers.channel import ChannelName
from shared.report import StageReport
from shared.state.outreach import TickState

STAGE = "outreach_tick"
CHANNELS: tuple[ChannelName, ...] = ("call", "sms", "email")
NOT_HEARD = timedelta(minutes=1)  # then it is tried again
WATCH, UNWATCHED = "watch", timedelta(minutes=12)  # two slots of the watch that were missed


def run(loop: Loop, period: Period, *, preview: bool, run_no: int) -> StageReport:  # noqa: ARG001 - one shape
    """One tick. With nothing to do it is three round trips to the database beyond the slot's own.

    Hot leads first: the owner waits for them, and they need neither the gate nor a window.

    It fails, whatever else went out, when a channel is down until somebody acts; and when nothing went out
    because of touches that could not be made into messages.
    """
    today = local_date(loop.opened(), loop.zone)
    found = loop.state.outreach.open_tick(today)
    tally = Tally()
    if not preview:
        told = tell_owner(loop, found.now)
        tally.notes += [f"hot leads: {n} {what}" for what, n in sorted(told.items())]
        mind_the_watch(loop, found, tally)
        heard = settle(loop, found, tally)
        found = with_set_up(loop, found, tally)
        if any(found.due.values()):
            send_due(loop, found, tally, heard)
    return tally.report(STAGE, found)


def mind_the_watch(loop: Loop, found: TickState, tally: Tally) -> None:
    """The watch starts every other stage that was missed; nobody but the tick notices that it is missing."""
    if found.watched_at is None or found.now - found.watched_at <= UNWATCHED:
        return
    try:
        loop.start(WATCH)
        done = "started"
    except Exception as error:  # noqa: BLE001 - whoever cannot start the watch can still send
        done = f"not to be started ({describe(error)['code']})"
    tally.notes.append(f"The watch was last here at {found.watched_at:%H:%M} UTC: {done}.")


def settle(loop: Loop, found: TickState, tally: Tally) -> set[ChannelName]:
    """First hear and settle what is out: the channels that are up to date and may send."""
    listening = Listening(loop, found, tally)
    heard = {channel for channel in CHANNELS if listening.is_due(channel) and listening.run(channel)}
    if found.to_ask:
        Reconcile(loop, tally).run()
    if found.calls_without_end:
        reap(loop, tally)
    return heard


def send_due(loop: Loop, found: TickState, tally: Tally, heard: set[ChannelName]) -> None:
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
        if found.due.get(channel) and not tally.halted and not rests(loop, channel, found, tally, heard):
            Sending(loop, channel, found, tally).run()
    if tally.halted:
        tally.refused[tally.halted] += loop.state.outreach.hold_due(tally.halted)


def with_set_up(loop: Loop, found: TickState, tally: Tally) -> TickState:
    """Ask again whether senders are set up, once it is time to: at 08:00 nobody may have answered."""
    waiting = [each.set_up_ask_at for each in found.senders if not each.set_up]
    if not any(at is not None and at <= found.now for at in waiting):
        return found
    tally.notes += seed(loop)
    return loop.state.outreach.open_tick(local_date(found.now, loop.zone))


def rests(loop: Loop, channel: ChannelName, found: TickState, tally: Tally, heard: set[ChannelName]) -> bool:
    """Whether the channel sends nothing in this tick; then what is due on it is told until when."""
    until = found.channels[channel].rests_until
    if until is None or until <= found.now:
        if channel in heard:
            return False
        until = found.now + NOT_HEARD
    told = loop.state.reconciliation.rest(channel, until=until, code="rests")
    tally.refused["VENDOR_LIMIT"] += told
    return True
