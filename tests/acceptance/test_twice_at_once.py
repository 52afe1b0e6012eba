"""Every stage started five times at one instant, as a scheduler does that runs its inputs again."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from threading import Barrier

import pytest

from functions import slots, stages
from functions.runner import run_stage
from shared.report import StageReport
from shared.state import State
from shared.state.postgres import PostgresTransport
from simulator.demo import ZONE
from tests.support.world import Stand, people, stand

TIMES = 5
STOOD_BACK = {"already_running", "already_done"}


def at_once(here: Stand, name: str) -> list[StageReport]:
    """The next slot of a stage, fired by so many workers of their own."""
    here.days.move_to(slots.next_slot(stages.get(name), here.days.clock.now, ZONE))
    loop, gate = here.days.loop, Barrier(TIMES)

    def fire(state: State) -> StageReport:
        mine = dataclasses.replace(loop, state=state, pause=lambda _: None)
        state.clock.now()
        gate.wait(timeout=30)
        return run_stage(mine, name)

    with ExitStack() as opened, ThreadPoolExecutor(TIMES) as pool:
        transports = [opened.enter_context(closing(PostgresTransport(here.dsn))) for _ in range(TIMES)]
        states = [State(each, loop.settings.installation_id) for each in transports]
        return list(pool.map(fire, states))


def one_won(reports: Sequence[StageReport]) -> bool:
    """One did the work, and four say that it was not theirs."""
    return Counter(report.status in STOOD_BACK for report in reports) == {True: TIMES - 1, False: 1}


@pytest.mark.long
def test_every_stage__is_done_by_one_of_five(database: str) -> None:
    """The caps of a day: two mailboxes of the demo, of which none may go beyond its own by one."""
    rows = people(40) + people(6, phone="corporate phone", first=60)
    with stand(database, rows) as here:
        order = ["daily_executor", "outreach_tick", "outreach_tick", "outreach_tick"]
        order += [each.name for each in stages.built() if each.name not in order]
        for name in order:
            reports = at_once(here, name)
            assert one_won(reports), (name, [report.status for report in reports])
        runs = here.rows("select stage, slot, state from stage_runs")
        assert len({(run["stage"], run["slot"]) for run in runs}) == len(runs), "one row for each slot"
        assert {run["state"] for run in runs} == {"ok"}, runs
        assert max(here.references().values()) == 1, "one request for each touch"
        assert here.sent("email")
        assert here.sent("call")
        mails = here.rows("select natural_key from deliveries where kind = 'owner_mail' order by natural_key")
        kept = [mail["natural_key"].split(":") for mail in mails if "_report:" in mail["natural_key"]]
        assert {each[0] for each in kept} == {"evening_report", "weekly_report"}
        assert {each[-1] for each in kept} == {"0"}, "nobody ran one a second time"
        used = here.rows("select scope, used from cap_usage where scope like 'sender:email:%%'")
        cap = here.days.loop.rules.sender_cap("email", 10_000)
        assert used
        assert all(row["used"] <= cap for row in used), (used, cap)
        assert here.violations() == dict.fromkeys(here.violations(), 0)
