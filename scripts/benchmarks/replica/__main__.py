"""Rounds of all ways, by turns, and the tables of medians; then readers beside each way of publishing."""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))

import readers
import report
import ways
from program import Windlass, default_program, machine
from server import Server, programs
from wide import WIDE

HERE = Path(__file__).resolve().parent
PLAIN, DATABASE, CSV = "copy + sync", "COPY FROM DATABASE", "CSV into read_csv"


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench-replica", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="how often each way is measured")
    parser.add_argument("--megabytes", default="100,1000", help="sizes of the masters, separated by commas")
    parser.add_argument("--rows", type=int, default=5_000_000, help="rows of the PostgreSQL table")
    parser.add_argument("--readers", type=int, default=8, help="reader processes")
    parser.add_argument("--opens", type=int, default=100_000, help="how often all of them together open the replica, for each way")
    parser.add_argument("--ways", default="windlass,baseline", help="what readers read beside, separated by commas")
    parser.add_argument("--windlass", type=Path, default=default_program(), help="the program")
    parser.add_argument("--postgres", help="folder of PostgreSQL's programs")
    parser.add_argument("--state", help="address of a database for Windlass' state; only for the readers, which need no more")
    parser.add_argument("--only", default="fresh,deleted,postgres,readers", help="sections, separated by commas")
    parser.add_argument("--json", action="store_true", help="print what the readers counted as JSON")
    return parser.parse_args()


def python(*arguments: str) -> str:
    """What another Python says."""
    return subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


def rounds(count: int, title: str, made: dict[str, Callable[[], dict]]) -> dict[str, list[dict]]:
    rows: dict[str, list[dict]] = {way: [] for way in made}
    for number in range(count):
        # Who comes first alternates as well.
        for way in list(made) if number % 2 == 0 else list(reversed(made)):
            # What the way before has left to be written is not this one's work.
            os.sync()
            row = made[way]()
            rows[way].append(row)
            print(f"{title} {number + 1}/{count} {way}: {row['wall']:.2f} s", file=sys.stderr, flush=True)
    return rows


def publishing(windlass: Windlass, folder: Path, given: argparse.Namespace, megabytes: int, deleted: bool) -> str:
    """All ways to publish one master, each to a replica of its own."""
    title = f"{megabytes} MB, {'after deletes' if deleted else 'freshly written'}"
    work = folder / "masters"
    work.mkdir()
    master = work / "master.db"
    kind = "deleted" if deleted else "fresh"
    note = python(str(HERE / "masters.py"), str(master), str(megabytes), kind)
    made: dict[str, Callable[[], dict]] = {
        f"Windlass, {method}": lambda method=method: ways.published(windlass, master, work / f"{method}.db", method)
        for method in ("copy", "compact", "auto")
    }
    made[PLAIN] = lambda: ways.copied(master, work / "plain.db")
    made[DATABASE] = lambda: ways.copied_by_duckdb(master, work / "database.db")
    rows = rounds(given.rounds, title, made)
    table = report.masters(rows, PLAIN, DATABASE, master.stat().st_size)
    shutil.rmtree(work)
    return f"### Master of {title}\n\n{note}.\n\n{table}"


def loading(server: Server, windlass: Windlass, folder: Path, given: argparse.Namespace) -> str:
    """All ways to make a DuckDB file of a PostgreSQL table."""
    server.run("postgres", "create database source")
    server.run("source", WIDE.format(rows=given.rows), "vacuum analyze wide")
    made = {
        "Windlass, 1 stream": lambda: ways.loaded(windlass, server, "source", folder / "one.db", 1),
        "Windlass, 2 streams": lambda: ways.loaded(windlass, server, "source", folder / "two.db", 2),
        CSV: lambda: ways.loaded_as_csv(server, "source", folder / "csv.db"),
    }
    rows = rounds(given.rounds, "postgres", made)
    size = server.run("source", "select pg_size_pretty(pg_table_size('wide'))")
    return f"### From PostgreSQL: {given.rows} rows, {size}\n\n{report.loads(rows, CSV)}"


def reading(folder: Path, state: str, given: argparse.Namespace) -> dict[str, dict]:
    told = {}
    for way in given.ways.split(","):
        work = folder / f"readers-{way}"
        work.mkdir()
        if way == "windlass":
            told["Windlass"] = readers.ours(given.windlass.resolve(), work, state, given.readers, given.opens)
        else:
            told["copy, rename"] = readers.baseline(work, given.readers, given.opens)
    return told


def sections(folder: Path, server: Server | None, given: argparse.Namespace) -> list[str]:
    wanted, told = given.only.split(","), []
    state = given.state or server.address("state")
    windlass = Windlass(given.windlass.resolve(), folder / "steps", state)
    for section in ("fresh", "deleted"):
        for megabytes in given.megabytes.split(",") if section in wanted else ():
            told.append(publishing(windlass, folder, given, int(megabytes), section == "deleted"))
    if "postgres" in wanted:
        told.append(loading(server, windlass, folder, given))
    if "readers" in wanted:
        counted = reading(folder, state, given)
        title = f"### {given.readers} readers in processes of their own"
        told.append(json.dumps(counted) if given.json else f"{title}\n\n{report.readers(counted)}")
    return told


def main() -> None:
    given = options()
    if not given.windlass.exists():
        raise SystemExit(f"error: {given.windlass} is missing; `cargo build --release`, or name it: --windlass")
    with tempfile.TemporaryDirectory(prefix="windlass-bench-") as folder:
        if given.state:
            told = sections(Path(folder), None, given)
        else:
            with Server(programs(given.postgres), shared_buffers="'1GB'", max_wal_size="'16GB'") as server:
                told = sections(Path(folder), server, given)
    if not given.json:
        duckdb = python("-c", "import duckdb; print(duckdb.__version__)")
        print(f"{machine()}; DuckDB {duckdb} in Python; medians of {given.rounds} rounds.\n")
    print("\n\n".join(told))


if __name__ == "__main__":
    main()
