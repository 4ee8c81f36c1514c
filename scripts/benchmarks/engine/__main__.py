"""The engine's own cost, as tables."""

import argparse
import os
import sys
import tempfile
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))

import scenarios
from daemon import Installation
from program import default_program, machine
from server import Server, programs


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench-engine", description=__doc__)
    parser.add_argument("--windlass", type=Path, default=default_program(), help="the program")
    parser.add_argument("--postgres", help="folder of PostgreSQL's programs")
    parser.add_argument("--runs", type=int, default=5_000, help="runs in the queue")
    parser.add_argument("--backlog", type=int, default=100_000, help="runs in the queue that drains while jobs are due")
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
    with Server(programs(given.postgres), max_connections=100) as server, tempfile.TemporaryDirectory() as folder:
        print(f"{machine()}; PostgreSQL {server.version()}; load before: {os.getloadavg()[0]:.1f}")
        jobs = {name: job for name, job in scenarios.JOBS.items() if name != "often"}
        installation = Installation(given.windlass, Path(folder) / "one", server, jobs, given.max_runs)
        try:
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
            if "restart" in wanted:
                jobs = {"often": scenarios.JOBS["often"]}
                installation = Installation(given.windlass, Path(folder) / "two", server, jobs, given.max_runs)
                installation.start()
                show("The state server restarts, a job every second", scenarios.restart(installation, server))
        finally:
            installation.stop()


if __name__ == "__main__":
    main()
