"""The crash programme: a ledger full of due touches, workers that die, a provider that survives."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import httpx
import psycopg

from shared.directives import read, seed_payload
from shared.directives.files import DirectiveFile, content_hash
from shared.state.postgres import PostgresTransport
from tests.support.ledger import NOW, Ledger, sender, touch_row
from tests.support.processes import finish

ROOT = Path(__file__).parents[2]
RELEASE = "crash"
CAP = 1_000_000
CHANNELS = ("email", "sms", "email", "sms", "email", "sms", "email", "sms", "email", "call")
SCRIPTS = {"email": "scripts/email_first", "sms": "scripts/sms_warm", "call": "scripts/call_warm"}
CALLERS = 60
BACKLOG = 200  # touches that are due at a time, as on a day: a rest of a channel is told to each of them
LATER = timedelta(days=6)
SETTLED = ("accepted", "finished")


@dataclass(frozen=True)
class Size:
    """How much of everything. Shares are of the passes of a point, or of requests to the provider."""

    sends: int
    workers: int = 4
    speed: float = 30.0
    kill: float = 0.015
    stall: float = 0.002
    wrong: float = 0.03
    pauses: int = 0
    cut_per_s: float = 0.0
    patience_s: float = 900.0
    seed: int = 1


@dataclass
class Found:
    """What a run came to. `doubled` and `lost` are touches; `states` those of the ledger at the end."""

    seconds: float
    accepted: int
    doubled: int
    lost: int
    open: int
    parked: int
    killed: Counter[str] = field(default_factory=Counter)
    stalled: int = 0
    late: int = 0
    unknown: int = 0
    states: Counter[str] = field(default_factory=Counter)
    still: list[str] = field(default_factory=list)

    @property
    def kills(self) -> int:
        """Workers that died by SIGKILL."""
        return self.killed.total()

    def __str__(self) -> str:
        points = " ".join(f"{point} {n}" for point, n in sorted(self.killed.items()))
        return (
            f"accepted {self.accepted}  doubled {self.doubled}  lost {self.lost}  open {self.open}"
            f"  parked {self.parked}\n"
            f"  {self.kills} kills ({points}), {self.stalled} stalls, {self.late} receipts came too late,"
            f" {self.unknown} were unknown; {self.seconds:.0f} s; {dict(self.states)}"
            + "".join(f"\n  still open: {row}" for row in self.still)
        )


def crash(dsn: str, size: Size, *, kind: str = "tick") -> Found:
    """Fill the ledger, let the workers loose, wait until nothing is open, and count."""
    with closing(PostgresTransport(dsn)) as transport:
        ids = fill(Ledger.over(dsn, transport), size)
        began = time.time()
        run_clock(dsn, began, size.speed)
        with provider(began, size) as url, tempfile.TemporaryDirectory(prefix="growthloop-crash-") as folder:
            with workers(dsn, url, kind, size, folder), ExitStack() as stack:
                if size.pauses or size.cut_per_s:
                    stack.enter_context(_trouble(dsn, size))
                _wait(lambda: _all_begun(dsn), size.patience_s)
                (Path(folder) / "calm").touch()
                stack.close()
                _wait(lambda: _count(dsn, _OPEN) == 0, size.patience_s / 3)
            effects = httpx.get(f"{url}/accepted", timeout=60).json()
            return judge(dsn, ids, effects, Path(folder), time.time() - began)


def control(dsn: str, size: Size, kind: str) -> Found:
    """The same provider, deaths and count for a sender that only marks: it must be caught."""
    with psycopg.connect(dsn, autocommit=True) as owner:
        owner.execute(
            "create table naive (id uuid primary key, taken timestamptz, done boolean default false)"
        )
        owner.execute("insert into naive select gen_random_uuid() from generate_series(1, %s)", [size.sends])
        ids = {str(i) for (i,) in owner.execute("select id from naive").fetchall()}
    began = time.time()
    with provider(began, size) as url, tempfile.TemporaryDirectory(prefix="growthloop-crash-") as folder:
        with workers(dsn, url, kind, size, folder) as process:
            process.wait(timeout=size.patience_s)
            (Path(folder) / "over").touch()
        effects = httpx.get(f"{url}/accepted", timeout=60).json()
        return Found(
            time.time() - began,
            accepted=len(effects),
            doubled=sum(n > 1 for n in effects.values()),
            lost=len(ids - effects.keys()),
            open=0,
            parked=0,
            killed=_killed(Path(folder)),
        )


def _all_begun(dsn: str) -> bool:
    """Whether nothing waits for its first try; else enough of it is due."""
    with psycopg.connect(dsn, autocommit=True) as owner:
        owner.execute(_FEED, [LATER / 2, LATER / 2, BACKLOG, BACKLOG])
    return _count(dsn, "state = 'planned' and try = 0") == 0


_FEED = """
update deliveries d set due_at = loop_now() where d.id in (
    select x.id from deliveries x
    where x.state = 'planned' and x.due_at > loop_now() + %s
        and (select count(*) from deliveries y where y.state = 'planned' and y.due_at <= loop_now() + %s) < %s
    order by x.id limit %s)
"""
_OPEN = "kind = 'touch' and state in ('planned', 'leased', 'submitted', 'unknown', 'parked')"
_STILL_OPEN = f"select count(*), channel, state, code from deliveries where {_OPEN} group by 2, 3, 4"  # noqa: S608


def judge(dsn: str, ids: set[str], effects: dict[str, int], folder: Path, seconds: float) -> Found:
    with psycopg.connect(dsn) as owner:
        rows = owner.execute("select id::text, state from deliveries where kind = 'touch'").fetchall()
        (unknown,) = owner.execute(
            "select count(*) from delivery_transitions where to_state = 'unknown'"
        ).fetchone() or (0,)
        still = [
            f"{n} {channel} {state} {code}"
            for n, channel, state, code in owner.execute(_STILL_OPEN.encode()).fetchall()
        ]
    states = Counter(state for _, state in rows)
    settled = {touch for touch, state in rows if state in SETTLED}
    known = {touch for touch, _ in rows}
    assert known == ids, "the ledger lost touches"
    assert effects.keys() <= ids
    return Found(
        seconds,
        accepted=len(effects),
        doubled=sum(n > 1 for n in effects.values()),
        lost=len(settled - effects.keys()) + len(effects.keys() - settled) - states["parked"],
        open=sum(states[state] for state in ("planned", "leased", "submitted", "unknown")),
        parked=states["parked"],
        killed=_killed(folder),
        stalled=sum(path.stat().st_size for path in folder.glob("stalled_*")),
        late=sum(path.stat().st_size for path in folder.glob("late")),
        unknown=unknown,
        states=states,
        still=still,
    )


def _killed(folder: Path) -> Counter[str]:
    return Counter({p.name.removeprefix("killed_"): p.stat().st_size for p in folder.glob("killed_*")})


def fill(ledger: Ledger, size: Size) -> set[str]:
    """So many people who may all be contacted, each with one touch that is due."""
    files = [_uncapped(file) for file in read()]
    ledger.state.directives.seed(seed_payload(files), release=RELEASE)
    callers = [
        sender("call", id=f"call{n}", address=f"+1212555{n:04}", provider_ref="n") for n in range(CALLERS)
    ]
    ledger.state.outreach.seed_senders([*callers, sender("email"), sender("sms")])
    leads = ledger.leads(size.sends)
    ledger.run(
        "update phones set line_type = 'mobile', looked_up_at = loop_now(),"
        " dnc_scrubbed_on = loop_now()::date, dnc_listed = false"
    )
    ledger.run(
        "insert into consents"
        " (lead_id, channel, address, consent_type, given_on, wording, source, recorded_at)"
        " select p.lead_id, c, p.number, 'written', '2026-11-20', 'Yes.', 'form', loop_now()"
        " from phones p, unnest(array['call', 'sms']) c"
    )
    entry = {"playbook": "playbooks/warm", "playbook_hash": "p1", "held_out": False}
    entries = [{**entry, "lead_id": lead, "enrolled_on": ledger.now.date()} for lead in leads]
    enrolled = ledger.state.outreach.enrol(entries)
    rows = []
    for number, lead in enumerate(leads):
        channel = CHANNELS[number % len(CHANNELS)]
        due = ledger.now + LATER
        of_channel = {"channel": channel, "script_key": SCRIPTS[channel], "window_closes_at": None}
        rows.append(touch_row(lead, enrolled[lead], ledger.now, due_at=due, **of_channel))
    assert ledger.state.outreach.plan(rows)["planned"] == size.sends
    return {str(touch) for (touch,) in ledger.rows("select id from touches")}


def _uncapped(file: DirectiveFile) -> DirectiveFile:
    """The shipped rules without the limits that one afternoon of tens of thousands would reach."""
    text = file.text
    if file.key == "rules/pace":
        text = re.sub(r"(per_day|ceiling_per_day|per_hour|least_calls): \d+", rf"\1: {CAP}", text)
        text = text.replace("gap_minutes: 5", "gap_minutes: 1")
    if file.key in ("rules/calling_hours", "rules/states"):  # the clock runs fast: it would soon be evening
        text = re.sub(r"\bopens: \d+:\d+", "opens: 0:00", re.sub(r"\bcloses: \d+:\d+", "closes: 23:59", text))
    if file.key == "medic":
        text = text.replace("first_minutes: 3, longest_minutes: 60", "first_minutes: 1, longest_minutes: 5")
    if file.key == "outreach":
        text = re.sub(r"  (call|email|sms|lookup): [\d.]+\n", rf"  \1: {CAP}.00\n", text)
        text = re.sub(r"concurrent: \d+", f"concurrent: {CAP}", text)
    return dataclasses.replace(file, text=text, content_hash=content_hash(text))


def run_clock(dsn: str, began: float, speed: float) -> None:
    with psycopg.connect(dsn, autocommit=True) as owner:
        owner.execute(
            "create or replace function public.loop_now() returns timestamptz language sql volatile"
            f" set search_path = '' as $$ select timestamptz '{NOW.isoformat()}'"
            f" + (clock_timestamp() - to_timestamp({began})) * {speed} $$".encode()
        )


@contextmanager
def provider(began: float, size: Size) -> Iterator[str]:
    arguments = [NOW.isoformat(), str(began), str(size.speed), str(size.wrong), str(size.seed)]
    with _process("tests.support.crash_provider", *arguments) as process:
        assert process.stdout is not None
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"


@contextmanager
def workers(dsn: str, url: str, kind: str, size: Size, folder: str) -> Iterator[subprocess.Popen[str]]:
    orders = {
        **{"dsn": dsn, "url": url, "kind": kind, "workers": size.workers, "speed": size.speed},
        **{"kill": size.kill, "stall": size.stall, "seed": size.seed, "folder": folder, "release": RELEASE},
    }
    with _process("tests.support.crash_worker", json.dumps(orders)) as process:
        try:
            yield process
        finally:
            (Path(folder) / "over").touch()
            process.wait(timeout=120)


@contextmanager
def _process(module: str, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-m", module, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    try:
        yield process
    finally:
        finish(process)


@contextmanager
def _trouble(dsn: str, size: Size) -> Iterator[None]:
    """The owner pulls the kill switch and lets it go; connections to the database are cut."""
    over, roll = threading.Event(), Random(size.seed)  # noqa: S311 - chooses when
    every = 1 / size.cut_per_s if size.cut_per_s else 1.0

    def work() -> None:
        left = size.pauses
        while not over.wait(every):
            with contextlib.suppress(psycopg.Error), psycopg.connect(dsn, autocommit=True) as owner:
                if size.cut_per_s:
                    owner.execute(_CUT)
                if left and roll.random() < 0.3:
                    left -= 1
                    owner.execute("select set_kill_switch_v1(true, 'test', 'owner')")
                    over.wait(1)
                    owner.execute("select set_kill_switch_v1(false, 'test', 'owner')")

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


_CUT = """
select pg_terminate_backend(pid) from pg_stat_activity
where datname = current_database() and application_name = 'growthloop' order by random() limit 1
"""


def _count(dsn: str, where: str) -> int:
    with psycopg.connect(dsn) as owner:
        row = owner.execute(f"select count(*) from deliveries where {where}".encode()).fetchone()  # noqa: S608
    return int(row[0]) if row else 0


def _wait(done: Any, patience_s: float) -> None:
    """Until it is so, or patience ends: what is open then is counted as open."""
    end = time.monotonic() + patience_s
    while not done() and time.monotonic() < end:
        time.sleep(0.5)
