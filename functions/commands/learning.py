"""What is being tested, what was changed, and the owner's word on it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from functions.commands.common import JSON, answer, opened
from functions.exports import EXPORTS
from shared.errors import GrowthLoopError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shared.state.changes import Change


@click.command()
@click.option("--all", "everything", is_flag=True, help="Those that are over, too.")
@click.option(
    "--propose",
    "file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Queue this file as another version of --key.",
)
@click.option("--key", help="What it would replace, such as scripts/email_first.")
@click.option("--lever", help="The one thing it changes, such as email_subject.")
@click.option("--metric", help="What it is judged by, such as replied.")
@click.option("--lift", type=float, default=0.3, show_default=True, help="The gain to look for.")
@click.option("--claim", help="Why, in one sentence.")
@JSON
def experiments(
    everything: bool,
    file: Path | None,
    key: str | None,
    lever: str | None,
    metric: str | None,
    lift: float,
    claim: str | None,
    as_json: bool,
) -> None:
    """What is being tested, and what is known so far; or propose a change to test."""
    from shared.mail.experiments import sentence

    if file is not None:
        if key is None or lever is None or metric is None:
            raise click.UsageError("--propose needs --key, --lever and --metric.")
        _propose(file, key, lever, metric, lift, claim, as_json)
        return

    with opened() as loop:
        now = loop.clock.now()
        found = list(loop.state.experiments.all(standing=not everything))
    lines = [f"{each.id:>4}  {each.state:<9} {each.name}: {sentence(each, now)}" for each in found]
    values = {"experiments": [each.model_dump(mode="json") for each in found]}
    answer(values, as_json, "\n".join(lines) or "Nothing is being tested.")


def _propose(
    file: Path, key: str, lever: str, metric: str, lift: float, claim: str | None, as_json: bool
) -> None:
    from functions.learning.levers import proposal

    with opened() as loop:
        row = proposal(
            loop.book,
            lever=lever,
            key=key,
            text=file.read_text(encoding="utf-8"),
            metric=metric,
            claim=claim or f"The {lever} of {file.name} does better",
            expected_lift=lift,
            proposed_by="owner",
        )
        number = loop.state.experiments.propose(row)
    answer({"id": number, "name": row["name"]}, as_json, f"Queued as {number}: {row['name']}")


@click.command()
@click.argument("change", type=int)
@JSON
def rollback(change: int, as_json: bool) -> None:
    """Take CHANGE of the evolution log back: the version before it is in force again."""
    with opened() as loop:
        done = loop.state.experiments.rollback(change, approver="owner")
    words = {
        "done": f"Taken back: {done['subject']} is as it was before change {change}.",
        "done_before": f"Change {change} was taken back before.",
        "overtaken": f"{done['subject']} was changed again since; take the newer change back first.",
        "unknown": f"Change {change} is none that can be taken back.",
    }[done["status"]]
    if done["status"] in ("overtaken", "unknown"):
        raise GrowthLoopError(words)
    answer(done, as_json, words)


@click.command()
@click.argument("approval", type=int)
@JSON
def approve(approval: int, as_json: bool) -> None:
    """Say yes to APPROVAL, a change that waits for you."""
    _decide(approval, True, as_json)


@click.command()
@click.argument("approval", type=int)
@JSON
def deny(approval: int, as_json: bool) -> None:
    """Say no to APPROVAL. Saying nothing is a no, too."""
    _decide(approval, False, as_json)


def _decide(approval: int, yes: bool, as_json: bool) -> None:
    with opened() as loop:
        verbs = loop.state.experiments
        asked = verbs.approval(approval)
        if asked is None:
            raise GrowthLoopError(f"There is no approval {approval}.")
        said = verbs.answer_approval(approval, asked.fingerprint, approve=yes, actor="owner")
    wanted = "approved" if yes else "denied"
    if said["status"] != wanted:
        raise GrowthLoopError(f"Approval {approval} is {said['status']}: {asked.words}")
    answer({"id": approval, **said}, as_json, f"{said['status'].capitalize()}: {asked.words}")


@click.command()
@click.argument("what", type=click.Choice(("evolution_log", *EXPORTS)))
@click.option("--to", "folder", type=click.Path(file_okay=False, path_type=Path), default=".")
def export(what: str, folder: Path) -> None:
    """Write WHAT as a file."""
    with opened() as loop:
        if what in EXPORTS:
            name, page = EXPORTS[what]
            text = page(loop)
        else:
            name, text = f"{what}.md", evolution_log(loop.state.experiments.log())
    path = folder / name
    folder.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    click.echo(str(path))


@click.group()
def memory() -> None:
    """What was learned, what works, what failed, and what to answer."""


@memory.command()
@click.argument("words")
@JSON
def search(words: str, as_json: bool) -> None:
    """What is remembered about WORDS, best match first."""
    with opened() as loop:
        found = loop.state.memory.search(words)
    lines = [f"{each.kind.replace('_', ' ')}: {each.title}\n  {each.told}" for each in found]
    values = {"found": [each.model_dump(mode="json") for each in found]}
    answer(values, as_json, "\n".join(lines) or "Nothing is remembered about that.")


def evolution_log(changes: Iterable[Change]) -> str:
    """The log as a page, newest first."""
    lines = ["# Evolution log", "", "Everything that changed how the loop behaves, newest first.", ""]
    for each in reversed(list(changes)):
        lines += [
            f"## {each.id}. {each.subject}: {each.change}",
            "",
            f"- when: {each.changed_at:%Y-%m-%d %H:%M} UTC",
        ]
        lines.append(f"- approved by: {each.approver}")
        lines += [f"- {name}: `{_short(value)}`" for name, value in _parts(each) if value]
        if each.undone_by:
            lines.append(f"- taken back by change {each.undone_by}")
        elif each.before and each.after and "content_hash" in each.after:
            lines.append(f"- take it back: `growthloop rollback {each.id}`")
        lines.append("")
    return "\n".join(lines)


def _parts(change: Change) -> tuple[tuple[str, dict[str, object] | None], ...]:
    return (("before", change.before), ("after", change.after), ("evidence", change.evidence))


def _short(values: dict[str, object] | None) -> str:
    def one(value: object) -> str:
        return f"{value:.4g}" if isinstance(value, float) else str(value)[:60]

    kept = {name: value for name, value in (values or {}).items() if name != "counts" and value is not None}
    return ", ".join(f"{name} {one(value)}" for name, value in kept.items())


commands: tuple[click.Command, ...] = (experiments, rollback, approve, deny, export, memory)
