#!/usr/bin/env python3
"""The way of working that `parallel_ctas` replaces: run, look, cancel, drop, sleep, again.

usage: ctas_guarantee.py URL TABLE QUERY [--target 4] [--minimum 2] [--attempts 5]

The field's numbers: a first look at the running statement after 1 s, another each 0.5 s; two looks below the target and
it is cancelled (terminated if it is still there 2 s later), its table dropped, and 2 s later comes the next attempt. The
last attempt may go on with the minimum. Needs psycopg. The last line is a JSON object.
"""

import argparse
import json
import time
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import asdict, dataclass

import psycopg

FIRST_LOOK = 1.0
NEXT_LOOK = 0.5
LOOKS = 2
BETWEEN_ATTEMPTS = 2.0
GRACE = 2.0


@dataclass
class Result:
    """What came of it. `workers` is the most that was seen, `lost_s` the time before the attempt that counted."""

    ok: bool = False
    attempts: int = 0
    workers: int = 0
    seconds: float = 0.0
    lost_s: float = 0.0
    cancelled_s: float = 0.0
    error: str | None = None


class Statement:
    """CREATE TABLE AS in a session and thread of its own."""

    def __init__(self, url: str, table: str, query: str, workers: int, threads: ThreadPoolExecutor):
        self.session = psycopg.connect(url, autocommit=True)
        self.session.execute(f"set max_parallel_workers_per_gather = {workers}")
        self.pid = self.session.info.backend_pid
        self.future: Future = threads.submit(self.session.execute, f"create table {table} as {query}")

    def over_within(self, seconds: float) -> bool:
        return bool(wait([self.future], timeout=seconds).done)

    def stop(self, monitor: psycopg.Connection) -> None:
        monitor.execute("select pg_cancel_backend(%s)", (self.pid,))
        if not self.over_within(GRACE):
            monitor.execute("select pg_terminate_backend(%s)", (self.pid,))
            self.over_within(GRACE)
        self.session.close()


def most_workers_seen(statement: Statement, monitor: psycopg.Connection, target: int) -> int:
    """Looks until the target is seen, the statement is over or the looks are used up."""
    seen = 0
    pause = FIRST_LOOK
    for _ in range(LOOKS):
        if statement.over_within(pause):
            break
        sql = "select count(*) from pg_stat_activity where leader_pid = %s and backend_type = 'parallel worker'"
        seen = max(seen, monitor.execute(sql, (statement.pid,)).fetchone()[0])
        if seen >= target:
            break
        pause = NEXT_LOOK
    return seen


def guarantee(options: argparse.Namespace, result: Result) -> None:
    started = time.monotonic()
    with psycopg.connect(options.url, autocommit=True) as monitor, ThreadPoolExecutor() as threads:
        for number in range(1, options.attempts + 1):
            begun = time.monotonic()
            result.attempts, result.lost_s = number, begun - started
            statement = Statement(options.url, options.table, options.query, options.target, threads)
            seen = most_workers_seen(statement, monitor, options.target)
            enough = seen >= options.target or (number == options.attempts and seen >= options.minimum)
            if enough or statement.future.done():
                result.workers = seen
                statement.future.result()
                statement.session.close()
                result.ok = True
                return
            result.workers = max(result.workers, seen)
            statement.stop(monitor)
            monitor.execute(f"drop table if exists {options.table}")
            result.cancelled_s += time.monotonic() - begun
            if number < options.attempts:
                time.sleep(BETWEEN_ATTEMPTS)
    result.lost_s = time.monotonic() - started
    result.error = f"at most {result.workers} workers were seen, {options.minimum} are needed"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("url", "table", "query"):
        parser.add_argument(name)
    for name, default in (("--target", 4), ("--minimum", 2), ("--attempts", 5)):
        parser.add_argument(name, type=int, default=default)
    options = parser.parse_args()
    result, started = Result(), time.monotonic()
    try:
        guarantee(options, result)
    except psycopg.Error as error:
        result.error = str(error)
    result.seconds = time.monotonic() - started
    print(json.dumps({key: round(value, 3) if isinstance(value, float) else value for key, value in asdict(result).items()}))


if __name__ == "__main__":
    main()
