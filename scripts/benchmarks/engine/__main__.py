"""The engine's own cost, as tables."""

import argparse
import os
import sys
import tempfile
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))

import scenarios
from claims import claims
from claims import jobs as due_jobs
from daemon import Installation
from migrations import indexes, migrations
from program import default_program, machine
from server import Server, programs
from soak import soak


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench-engine", description=__doc__)
    parser.add_argument("--windlass", type=Path, default=default_program(), help="the program")
    parser.add_argument("--postgres", help="folder of PostgreSQL's programs")
    parser.add_argument("--runs", type=int, default=5_000, help="runs in the queue")
    parser.add_argument("--backlog", type=int, default=100_000, help="runs in the queue that drains while jobs are due")
    parser.add_argument("--soak", type=int, default=1_000_000, help="runs of the soak")
    parser.add_argument("--rows", type=int, default=1_000_000, help="runs that are there when the schema is migrated")
    parser.add_argument("--jobs", type=int, default=10_000, help="jobs that become due")
    parser.add_argument("--together", type=int, default=1_000, help="of them in one second")
    parser.add_argument("--lead", type=int, default=60, help="seconds for loading them before the first is due")
    parser.add_argument("--rounds", type=int, default=9, help="rounds of the chain")
    parser.add_argument("--max-runs", type=int, default=16, help="runs that a daemon has at once")
    parser.add_argument("--only", default="chain,one,three,takeover,backlog,restart", help="what to measure")
    return parser.parse_args()


def show(title: str, figures: dict) -> None:
    print(f"\n### {title}\n")
    for name, value in figures.items():
        print(f"- {name}: {value:.2f}" if isinstance(value, float) else f"- {name}: {value}")
    sys.stdout.flush()


def main() -> None:
    given = options()
    wanted = given.only.split(",")
    with Server(programs(given.postgres), max_connections=100, autovacuum="on") as server, tempfile.TemporaryDirectory() as folder:
        print(f"{machine()}; PostgreSQL {server.version()}; load before: {os.getloadavg()[0]:.1f}")
        jobs = {name: job for name, job in scenarios.JOBS.items() if name != "often"}
        installation = Installation(given.windlass, Path(folder) / "one", server, jobs, given.max_runs)
        try:
            if {"chain", "one", "three", "takeover"} & set(wanted):
                installation.start()
            if "chain" in wanted:
                _, latency = scenarios.pgbench(server, 1, 5)
                alone = scenarios.started("true")
                figures = scenarios.chain(installation, given.rounds)
                overhead = figures["ms a step"] - alone
                show("A chain of 40 steps of `true`", {
                    **figures, "ms to run `true` without an engine": alone, "ms of the engine a step": overhead,
                    "ms of a pgbench -N transaction, 1 client": latency, "engine / transaction": overhead / latency,
                })
            for name, daemons in (("one", 1), ("three", 3)):
                if name in wanted:
                    tps, _ = scenarios.pgbench(server, 8, 5)
                    figures = scenarios.throughput(installation, given.runs, daemons)
                    show(f"Runs of one step `true`, {daemons} daemon(s)", {
                        **figures, "pgbench -N -c 8, transactions/s": tps, "runs / transactions": figures["runs/s"] / tps,
                    })
            if "takeover" in wanted:
                installation.stop()
                installation.start()
                show("kill -9 of a daemon, another on the same machine", scenarios.takeover(installation))
            installation.stop()
            if "backlog" in wanted:
                jobs = {f"often{number}": scenarios.JOBS["often"] for number in range(10)}
                installation = Installation(given.windlass, Path(folder) / "three", server, {**jobs, "one": scenarios.JOBS["one"]}, given.max_runs)
                installation.start()
                show(f"A queue of {given.backlog} runs, ten jobs every second", scenarios.backlog(installation, given.backlog))
                installation.stop()
            if "claims" in wanted:
                jobs, last = due_jobs(given.jobs, given.together, 60, given.lead)
                installation = Installation(given.windlass, Path(folder) / "four", server, jobs, given.together, state="claims")
                installation.start()
                show(f"{given.jobs} jobs, {given.together} of them due in one second", claims(installation, last, given.jobs))
                installation.stop()
            if "soak" in wanted:
                jobs = {"one": scenarios.JOBS["one"], "often": scenarios.JOBS["often"]}
                settings = {"retention": {"runs": "2m", "logs": "2m"}}
                installation = Installation(given.windlass, Path(folder) / "five", server, jobs, given.max_runs, state="soak", more=settings)
                installation.start()
                show(f"{given.soak} runs, kept for two minutes", soak(installation, given.soak))
                installation.stop()
            if "migrations" in wanted:
                show(f"Migrations with {given.rows} runs", migrations(server, given.rows))
                jobs = {"often": scenarios.JOBS["often"]}
                installation = Installation(given.windlass, Path(folder) / "six", server, jobs, given.max_runs, state="indexes")
                show(f"Indexes of {given.rows} runs, a job every second", indexes(installation, given.rows))
                installation.stop()
            if "restart" in wanted:
                jobs = {"often": scenarios.JOBS["often"]}
                installation = Installation(given.windlass, Path(folder) / "two", server, jobs, given.max_runs)
                installation.start()
                show("The state server restarts, a job every second", scenarios.restart(installation, server))
        finally:
            installation.stop()


if __name__ == "__main__":
    main()
