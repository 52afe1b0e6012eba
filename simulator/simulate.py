"""`growthloop simulate`: a whole world over weeks, by the providers' wire, with what is true of it.

Settings are made from nothing and no host but this machine's loopback can be reached, as in the demo.
Seeds run in processes of their own, over the cores; what one seed gives depends on nothing but the seed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from itertools import chain
from typing import Any

import yaml

from functions.campaigns.leads import import_consents, import_leads, import_scrub, scoring_rules
from shared.directives import DirectiveFile, content_hash, read, release_of, seed_payload
from shared.frontmatter import split
from shared.loop import Loop
from simulator.claims import read_claims
from simulator.days import Days, OwnerAct, days_in, local, stage_crons
from simulator.demo import ZONE, Inbox, Senders, credentials, demo_settings, scratch_database
from simulator.faults import Faults, first_day
from simulator.guard import loopback_only
from simulator.leads.arrivals import Arrival, arrivals, everybody
from simulator.quiet import busy_slots
from simulator.score import Run, score
from simulator.truth import Truth
from simulator.world import World
from simulator.world.odds import WorldOdds
from simulator.worlds import WorldFile, load

Progress = Callable[[float], None]
"""Told which share of the virtual time has passed."""

OPENING, GO_LIVE = 7, (7, 30)


@dataclass(frozen=True)
class Job:
    """One run: a world by its name or file, so many days, a seed.

    `every_slot` lives those too that would do nothing; it changes how long a run takes and nothing else.
    """

    world: str
    days: int
    seed: int
    every_slot: bool = False


def run_job(job: Job, progress: Progress = lambda _: None) -> dict[str, Any]:
    """Run one seed and give its figures. Raises `ConfigurationError` for a mistake in the world's file."""
    with lived(job, progress) as (run, world, truth):
        return figures(run, world, truth, job.days)


@contextmanager
def lived(job: Job, progress: Progress = lambda _: None) -> Iterator[tuple[Days, World, Truth]]:
    """A world after all its days, to be asked what happened. Raises as `run_job`."""
    name, file = load(job.world)
    file = file.model_copy(update={"first_day": first_day(file.faults, file.first_day, ZONE)})
    coming = arrivals(file, job.seed, job.days)
    world = populated(file, coming, job.seed)
    timetable = stage_crons if file.faults or job.every_slot else busy_slots
    truth = Truth(name, job.seed, world.planted)
    faults = Faults(file.faults, truth, start=world.began, zone=ZONE)
    files, inbox = directives(file), Inbox()
    with (
        loopback_only(),
        scratch_database("simulate") as dsn,
        days_in(
            world,
            dsn,
            world.began,
            lambda urls: demo_settings(urls, job.seed, senders=senders(file), release=release_of(files)),
            credentials=credentials(),
            fault=inbox.look,
            faults=faults,
            progress=partial(_tell, progress, world.began, timedelta(days=job.days)),
        ) as run,
    ):
        open_business(run, file, files, coming)
        run.run(local(file.first_day + timedelta(days=job.days), 0, 30, ZONE), timetable)
        yield run, world, truth


def _tell(progress: Progress, began: datetime, span: timedelta, now: datetime) -> None:
    progress(min(1.0, (now - began) / span))


def figures(run: Days, world: World, truth: Truth, days: int) -> dict[str, Any]:
    """What `--json` prints of one seed: the judge's score."""
    judged = Run(run.wire.record, days, run.clock.now)
    return score(judged, world, WorldOdds(world), truth, read_claims(run.loop, run.database, world.began))


def populated(file: WorldFile, coming: tuple[Arrival, ...], seed: int) -> World:
    """The people of all arrivals, with what is planted among them."""
    leads, consents = everybody(coming)
    began = local(file.first_day, OPENING, 0, ZONE)
    return World.build(leads, consents, file.base_rates, seed, planted=file.effects, began=began)


def senders(file: WorldFile) -> Senders:
    """The numbers and mailboxes of a world, warm since a day before it began."""
    return Senders(
        numbers=tuple(f"+1212555{120 + n:04}" for n in range(file.senders.numbers)),
        mailboxes=tuple(f"box{n:02}@mail.example.com" for n in range(file.senders.mailboxes)),
        warm_since=file.first_day - timedelta(days=file.senders.warm_days),
    )


def directives(file: WorldFile) -> list[DirectiveFile]:
    """The shipped directives, with the owner's budget of this world where it has one."""
    return [_with_budget(each, file) if each.key == "outreach" else each for each in read()]


def _with_budget(each: DirectiveFile, file: WorldFile) -> DirectiveFile:
    budget = file.senders.daily_usd
    if budget is None:
        return each
    values, prose = split(each.text, file=each.key)
    values["daily_usd"] = budget.model_dump()
    text = f"---\n{yaml.safe_dump(values, sort_keys=False)}---\n{prose}"
    return DirectiveFile(each.key, each.kind, text, content_hash(text))


def open_business(
    run: Days, file: WorldFile, files: list[DirectiveFile], coming: tuple[Arrival, ...]
) -> None:
    """What the owner does: deploy, opt states in, go live on the first morning, import what comes in."""
    loop = run.loop
    loop.state.directives.seed(seed_payload(files), release=release_of(files))
    loop.state.settings.put("company_line_opt_in", sorted(file.consents.opted_in_states), actor="owner")
    spoil = run.faults.lists.spoiled
    imports = (OwnerAct(local(each.day, OPENING, 0, ZONE), partial(take_in, each, spoil)) for each in coming)
    live = OwnerAct(local(file.first_day, *GO_LIVE, ZONE), _go_live)
    run.owner += sorted(chain(imports, [live]), key=lambda act: act.at)


def _go_live(loop: Loop) -> None:
    loop.state.live.turn_on(app="growthloop", actor="owner")


def take_in(arrival: Arrival, spoil: Callable[[bytes], bytes], loop: Loop) -> None:
    """Import one morning's files, as the owner would; `spoil` is what happened to the list before."""
    rules = scoring_rules(loop.book.outreach)
    for source, raw in arrival.files():
        name = f"{source}-{arrival.day}.csv"
        import_leads(loop.state, spoil(raw), file_name=name, source=source, scoring=rules)
    if arrival.consent_file is not None:
        import_consents(loop.state, arrival.consent_file, file_name=f"consents-{arrival.day}.csv")
    if arrival.scrub_file is not None:
        import_scrub(loop.state, arrival.scrub_file, file_name=f"scrub-{arrival.day}.csv")
