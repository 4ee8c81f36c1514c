"""Rounds of all scenarios, the ways of each alternating; goes on where it was, and prints the tables."""

import argparse
import json
import os
import sys
import time
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))

import report
from data import Data
from program import default_program, machine
from scenarios import Scenario, scenarios
from server import programs
from tools import Windlass

ROOT = Path(__file__).resolve().parents[3]


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench-ctas", description=__doc__)
    parser.add_argument("--rounds", type=int, default=30, help="rounds under contention; the others make a share of them")
    parser.add_argument("--windlass", type=Path, default=default_program(), help="the program")
    parser.add_argument("--postgres", help="folder of PostgreSQL's programs")
    parser.add_argument("--rows", type=int, default=5_000_000, help="rows of the table that is read")
    parser.add_argument("--out", type=Path, default=ROOT / "target" / "bench-ctas", help="folder of the results")
    parser.add_argument("--only", help="names of scenarios, separated by commas")
    return parser.parse_args()


class Results:
    """What was measured, a line a round, kept on disk."""

    def __init__(self, folder: Path):
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / "rounds.jsonl"
        lines = self.path.read_text(encoding="utf-8").splitlines() if self.path.exists() else []
        self.rows = [json.loads(line) for line in lines]

    def has(self, scenario: str, way: str, number: int) -> bool:
        return any((row["scenario"], row["way"], row["round"]) == (scenario, way, number) for row in self.rows)

    def add(self, row: dict) -> None:
        self.rows.append(row)
        with open(self.path, "a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")

    def of(self, scenario: Scenario) -> dict[str, list[dict]]:
        of_way = lambda way: [row for row in self.rows if (row["scenario"], row["way"]) == (scenario.name, way)]
        return {way: of_way(way) for way in scenario.ways}


def measure(scenario: Scenario, rounds: int, server: Data, results: Results) -> None:
    wanted = max(1, round(rounds * scenario.share))
    for number in range(wanted):
        # Who comes first alternates as well.
        ways = list(scenario.ways) if number % 2 == 0 else list(reversed(scenario.ways))
        for way in ways:
            if results.has(scenario.name, way, number):
                continue
            with server.connect() as session:
                session.execute("drop table if exists result")
                session.execute("checkpoint")
            row = scenario.ways[way](number)
            results.add({"scenario": scenario.name, "way": way, "round": number, **row})
            told = {key: value for key, value in row.items() if value is not None}
            print(f"{scenario.name} {number + 1}/{wanted} {way}: {told}", file=sys.stderr, flush=True)


def conditions(server: Data, given: argparse.Namespace) -> str:
    return (
        f"{machine()}; PostgreSQL {server.version()}, max_parallel_workers 8, max_worker_processes 16, {given.rows} rows; "
        f"load before: {os.getloadavg()[0]:.1f}."
    )


def main() -> None:
    given = options()
    if not given.windlass.exists():
        raise SystemExit(f"bench-ctas: error: {given.windlass} is missing; `cargo build --release`, or name it: --windlass")
    results, started = Results(given.out), time.monotonic()
    with Data(programs(given.postgres), given.rows) as server:
        known = conditions(server, given)
        made = scenarios(server, Windlass(given.windlass.resolve(), server))
        wanted = given.only.split(",") if given.only else [scenario.name for scenario in made]
        chosen = [scenario for scenario in made if scenario.name in wanted]
        for scenario in chosen:
            measure(scenario, given.rounds, server, results)
    print(f"{known}\n")
    for scenario in chosen:
        measured = results.of(scenario)
        table = {"looks": report.looks}.get(scenario.name, report.exact if "exact" in scenario.ways else report.compared)
        print(f"### {scenario.title}\n\n{table(measured)}\n")
        if scenario.name == "busy":
            print("\n".join(report.goals(measured)) + "\n")
    print(f"bench-ctas: {time.monotonic() - started:.0f} s", file=sys.stderr)


if __name__ == "__main__":
    main()
