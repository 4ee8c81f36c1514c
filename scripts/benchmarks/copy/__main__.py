"""Rounds of all ways, by turns, and the tables of medians."""

import argparse
import sys
from pathlib import Path
from statistics import median

sys.path.append(str(Path(__file__).resolve().parents[1]))

import ways
from data import Data
from program import Windlass, default_program, machine
from server import programs


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench-copy", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="how often each way is measured")
    parser.add_argument("--rows", type=int, default=5_000_000, help="rows of the wide table; 5,000,000 are about 540 MB as text")
    parser.add_argument("--windlass", type=Path, default=default_program(), help="the program")
    parser.add_argument("--postgres", help="folder of PostgreSQL's programs")
    parser.add_argument("--only", default="wide,narrow,many,memory", help="sets of data, separated by commas")
    return parser.parse_args()


def rounds(count: int, server: Data, name: str, made: dict) -> dict[str, list[dict]]:
    rows: dict[str, list[dict]] = {way: [] for way in made}
    for number in range(count):
        # Who comes first alternates as well.
        for way in list(made) if number % 2 == 0 else list(reversed(made)):
            server.run("postgres", "checkpoint")
            row = made[way]()
            if row is not None:
                rows[way].append(row)
                told = ", ".join(f"{key} {value:.2f}" for key, value in row.items() if isinstance(value, float))
                print(f"{name} {number + 1}/{count} {way}: {told}", file=sys.stderr, flush=True)
    return {way: of_way for way, of_way in rows.items() if of_way}


def table(rows: dict[str, list[dict]], ours: str) -> str:
    middle = lambda way, key: median(row[key] for row in rows[way]) if key in rows[way][0] else None
    lines = ["| way | wall, s | ours ÷ it | client CPU, s | ours ÷ it | peak memory, MiB |", "|---|---|---|---|---|---|"]
    for way in rows:
        wall, cpu, memory = (middle(way, key) for key in ("wall", "cpu", "mib"))
        share = lambda mine, other: f"{mine / other:.2f}" if other and way != ours else ""
        own = [middle(ours, "wall"), middle(ours, "cpu")]
        told = [f"{wall:.2f}", share(own[0], wall), f"{cpu:.2f}" if cpu else "", share(own[1], cpu), f"{memory:.0f}" if memory else ""]
        lines.append(f"| {way} | {' | '.join(told)} |")
    return "\n".join(lines)


def one_table(server: Data, windlass: Windlass, given: argparse.Namespace, name: str, count: int) -> str:
    server.prepare(name, count)
    copy = lambda **more: ways.copied(windlass, server, name, {"table": f"public.{name}"}, {"table": f"public.{name}"}, **more)
    made = {
        "Windlass, 1 stream": copy,
        "Windlass, 2 streams": lambda: copy(streams=2),
        "psql \\| psql, binary": lambda: ways.pipe(server, name, [name], "binary"),
        "psql \\| psql, text": lambda: ways.pipe(server, name, [name], "text"),
        "into memory, then in": lambda: ways.buffered(server, name, name),
        "pgcopydb, 1 job": lambda: ways.pgcopydb(server, name, 1),
        "floor: the servers alone": lambda: ways.floor(server, name, name),
    }
    rows = rounds(given.rounds, server, name, made)
    size = server.run(f"source_{name}", f"select pg_size_pretty(pg_table_size('{name}'))")
    parts = rows["floor: the servers alone"]
    out, into = median(row["out"] for row in parts), median(row["in"] for row in parts)
    notes = f"{count} rows, {size} of pages. Floor: COPY out to /dev/null {out:.2f} s, COPY in from a file {into:.2f} s."
    return f"### One table: {name}\n\n{notes}\n\n{table(rows, 'Windlass, 1 stream')}"


def many_tables(server: Data, windlass: Windlass, given: argparse.Namespace) -> str:
    tables = server.prepare("many", 0)
    copy = lambda **more: ways.copied(windlass, server, "many", {"tables": "public.small_*"}, {"schema": "public"}, **more)
    made = {
        "Windlass, 1 stream": copy,
        "Windlass, 2 streams": lambda: copy(streams=2),
        "a loop of psql \\| psql, text": lambda: ways.pipe(server, "many", tables, "text"),
        "pgcopydb, 2 jobs": lambda: ways.pgcopydb(server, "many", 2),
    }
    rows = rounds(min(given.rounds, 3), server, "many", made)
    return f"### 500 tables of 1,000 rows\n\n{table(rows, 'Windlass, 1 stream')}"


def memory(server: Data, windlass: Windlass, given: argparse.Namespace) -> str:
    """Peak memory of the whole process at one row, at the wide table, and at four times that."""
    if server.run("postgres", "select count(*) from pg_database where datname = 'source_wide'") == "0":
        server.prepare("wide", given.rows)
    lines = ["| rows | bytes | peak memory, MiB |", "|---|---|---|"]
    for times, query in [(0, "select 1 as one"), (1, "select * from wide"), (4, " union all ".join(["select * from wide"] * 4))]:
        row = ways.copied(windlass, server, "wide", {"query": query}, {"table": "public.memory"}, unlogged=True)
        size = server.run("target_wide", "select pg_size_pretty(pg_table_size('memory'))")
        lines.append(f"| {row['rows']} | {size} | {row['mib']:.1f} |")
        server.run("target_wide", "drop table memory")
    return "### Memory of the whole process\n\n" + "\n".join(lines)


def main() -> None:
    given = options()
    if not given.windlass.exists():
        raise SystemExit(f"bench-copy: error: {given.windlass} is missing; `cargo build --release`, or name it: --windlass")
    wanted, told = given.only.split(","), []
    with Data(programs(given.postgres)) as server:
        windlass = Windlass(given.windlass.resolve(), server.folder / "windlass", server.address("state"))
        version = server.version()
        if "wide" in wanted:
            told.append(one_table(server, windlass, given, "wide", given.rows))
        if "memory" in wanted:
            told.append(memory(server, windlass, given))
        if "narrow" in wanted:
            told.append(one_table(server, windlass, given, "narrow", given.rows * 2))
        if "many" in wanted:
            told.append(many_tables(server, windlass, given))
    print(
        f"{machine()}; PostgreSQL {version}, source and target on one server, Unix socket; medians of {given.rounds} rounds.\n"
    )
    print("\n\n".join(told))


if __name__ == "__main__":
    main()
