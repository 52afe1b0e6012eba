"""One world under several seeds: a process each, as many at once as there are cores, and how they differ.

Chance decides much in a small business, so one run says little; a summary says how far runs lie apart.
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from functools import partial
from threading import Thread
from typing import TYPE_CHECKING, Any

from simulator.simulate import Job, run_job

if TYPE_CHECKING:
    from collections.abc import Iterator
    from multiprocessing.queues import SimpleQueue

Told = Callable[[int, float], None]
"""Told which seed has come how far, as a share of its days."""

_tell: Told = lambda _seed, _share: None  # noqa: E731 - replaced in each worker


def run_seeds(jobs: Sequence[Job], progress: Told, *, workers: int | None = None) -> list[dict[str, Any]]:
    """The figures of each job, in their order. One job runs right here, without a process."""
    if len(jobs) == 1:
        return [run_job(jobs[0], partial(progress, jobs[0].seed))]
    context = multiprocessing.get_context("spawn")
    queue: SimpleQueue[tuple[int, float] | None] = context.SimpleQueue()
    most = min(len(jobs), workers or os.cpu_count() or 1)
    with (
        _listening(queue, progress),
        ProcessPoolExecutor(most, mp_context=context, initializer=_connect, initargs=(queue.put,)) as pool,
    ):
        return list(pool.map(_work, jobs))


@contextmanager
def _listening(queue: SimpleQueue[tuple[int, float] | None], progress: Told) -> Iterator[None]:
    def listen() -> None:
        while (said := queue.get()) is not None:
            progress(*said)

    listener = Thread(target=listen, daemon=True)
    listener.start()
    try:
        yield
    finally:
        queue.put(None)
        listener.join(timeout=10)


def _connect(put: Callable[[tuple[int, float]], None]) -> None:
    global _tell
    _tell = lambda seed, share: put((seed, share))  # noqa: E731


def _work(job: Job) -> dict[str, Any]:
    return run_job(job, partial(_tell, job.seed))


def together(jobs: Sequence[Job], runs: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Several runs as one object: each under `runs`, and under `summary` how far they lie apart."""
    return {"seeds": [job.seed for job in jobs], "runs": list(runs), "summary": summary(runs)}


def summary(runs: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Least, mean and greatest of every figure; what a run does not name, such as a code, was 0 there.

    Lists have no summary: what is in them differs from run to run. A figure nobody has yet stays None.
    """
    found: dict[str, Any] = {}
    for name in dict.fromkeys(name for run in runs for name in run):
        values = [run.get(name, 0) for run in runs]
        if any(isinstance(value, Mapping) for value in values):
            found[name] = summary([value if isinstance(value, Mapping) else {} for value in values])
        elif not any(isinstance(value, list | str) for value in values):
            found[name] = _spread(values)
    return found


def _spread(values: Iterable[Any]) -> dict[str, float] | None:
    numbers = [value for value in values if value is not None]
    if not numbers:
        return None
    mean = round(sum(numbers) / len(numbers), 4)
    return {"min": min(numbers), "mean": mean, "max": max(numbers)}
