"""`collect` over HTTP against Python with requests, DuckDB's readers and psycopg, by turns."""

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))

from origin import Origin, write
from program import Windlass, default_program, machine, measured
from server import Server, programs

BASELINES = Path(__file__).resolve().parents[2] / "baselines"
TABLE = "create table data (id bigint, symbol text, name text, price numeric, volume bigint, at timestamp)"


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench-collect", description=__doc__)
    parser.add_argument("--windlass", type=Path, default=default_program(), help="the program")
    parser.add_argument("--postgres", help="folder of PostgreSQL's programs")
    parser.add_argument("--rows", default="1000000,5000000", help="records, separated by commas")
    parser.add_argument("--rounds", type=int, default=3, help="rounds by turns")
    parser.add_argument("--alone", action="store_true", help="Windlass only: its memory for what the others can't hold")
    return parser.parse_args()


def baseline(name: str, *arguments: str) -> dict:
    row = measured([sys.executable, str(BASELINES / name), *arguments])
    return {**row, "wall": json.loads(row["out"].splitlines()[-1])["seconds"]}


def ways(given: argparse.Namespace, folder: Path, server: Server, origin: Origin, rows: int) -> dict:
    windlass = iter(range(1_000_000))

    def ours(form: str, target: str) -> dict:
        work = folder / f"windlass-{next(windlass)}"
        connection = {"duckdb": {"path": str(folder / "ours.db")}} if target == "duckdb" else {"postgres": {"url": server.address()}}
        http = {"url": origin.address(f"{rows}.{form}"), "format": form, "max_bytes": 1 << 34}
        if form == "json":
            http["records"] = "/data/rows"
        into = {"connection": "target", "table": "data", "mode": "replace"}
        return Windlass(given.windlass, work, server.address("state")).run({"target": connection}, collect={"http": http, "into": into})

    return {
        "JSON → DuckDB": {
            "Windlass": lambda: ours("json", "duckdb"),
            "requests + read_json": lambda: baseline("collect_duckdb.py", origin.address(f"{rows}-plain.json"), "json", str(folder / "theirs.db")),
        },
        "CSV → DuckDB": {
            "Windlass": lambda: ours("csv", "duckdb"),
            "requests + read_csv": lambda: baseline("collect_duckdb.py", origin.address(f"{rows}.csv"), "csv", str(folder / "theirs.db")),
        },
        "CSV → PostgreSQL": {
            "Windlass": lambda: ours("csv", "postgres"),
            "requests + psycopg COPY": lambda: baseline("collect_postgres.py", origin.address(f"{rows}.csv"), server.address()),
        },
    }


def main() -> None:
    given = options()
    with Server(programs(given.postgres)) as server, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "origin").mkdir()
        server.run("postgres", TABLE)
        print(f"{machine()}; PostgreSQL {server.version()}; load before: {os.getloadavg()[0]:.1f}; medians of {given.rounds} rounds\n")
        print("| records | what | way | wall, s | rows/s | ours ÷ it | client CPU, s | peak memory, MiB |\n|---|---|---|---|---|---|---|---|")
        with Origin(folder / "origin") as origin:
            for rows in map(int, given.rows.split(",")):
                write(folder / "origin", rows)
                for what, all_ways in ways(given, folder, server, origin, rows).items():
                    if given.alone:
                        all_ways = {"Windlass": all_ways["Windlass"]}
                    measured_ways: dict[str, list[dict]] = {way: [] for way in all_ways}
                    for number in range(given.rounds):
                        for way in list(all_ways) if number % 2 == 0 else reversed(list(all_ways)):
                            measured_ways[way].append(all_ways[way]())
                    middle = {way: sorted(found, key=lambda row: row["wall"])[len(found) // 2] for way, found in measured_ways.items()}
                    for way, row in middle.items():
                        ratio = "" if way == "Windlass" else f"{middle['Windlass']['wall'] / row['wall']:.2f}"
                        print(f"| {rows} | {what} | {way} | {row['wall']:.2f} | {rows / row['wall']:.0f} | {ratio} | {row['cpu']:.2f} | {row['mib']:.0f} |", flush=True)


if __name__ == "__main__":
    main()
