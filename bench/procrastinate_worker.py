"""procrastinate's own worker over so many empty jobs; `throughput.py` runs it where it is installed.

    python procrastinate_worker.py DSN JOBS CONCURRENCY

Prints {seconds, ran, succeeded}: from the worker's start until no job is left.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from typing import Any

import procrastinate  # type: ignore[import-not-found,unused-ignore]


async def main(dsn: str, jobs: int, concurrency: int) -> dict[str, Any]:
    """Set the schema up if need be, defer the jobs, and work until there is none."""
    app = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=dsn, max_size=concurrency + 2))
    ran = 0

    @app.task(name="send")  # type: ignore[untyped-decorator,unused-ignore]
    async def send(number: int) -> None:  # noqa: ARG001
        nonlocal ran
        ran += 1

    async with app.open_async():
        found = await app.connector.execute_query_one_async("select to_regclass('procrastinate_jobs') as t")
        if found["t"] is None:
            await app.schema_manager.apply_schema_async()
        await app.connector.execute_query_async("truncate procrastinate_jobs cascade")
        for start in range(0, jobs, 1000):
            rows = [{"number": number} for number in range(start, min(start + 1000, jobs))]
            await send.batch_defer_async(*rows)
        began = time.perf_counter()
        await app.run_worker_async(wait=False, concurrency=concurrency, install_signal_handlers=False)
        took = time.perf_counter() - began
        counted = await app.connector.execute_query_one_async(
            "select count(*) as n from procrastinate_jobs where status = 'succeeded'"
        )
    return {"seconds": took, "ran": ran, "succeeded": counted["n"]}


if __name__ == "__main__":
    print(json.dumps(asyncio.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))))
