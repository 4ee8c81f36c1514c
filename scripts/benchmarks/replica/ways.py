"""The ways to publish a master, and to make a DuckDB file of a PostgreSQL table, measured alike."""

import json
import subprocess
import sys
import time
from pathlib import Path

from program import Windlass, measured
from server import Server

BASELINES = Path(__file__).resolve().parents[2] / "baselines"


def published(windlass: Windlass, master: Path, replica: Path, method: str) -> dict:
    step = {"from": {"connection": "master"}, "to": str(replica), "method": method}
    row = windlass.run({"master": {"duckdb": {"path": str(master)}}}, publish_replica=step)
    return {**row, "bytes": replica.stat().st_size, "phases": row["outcome"].get("phases", {})}


def copied(master: Path, replica: Path) -> dict:
    """The plain copy, then `sync` of the file, without which it may be lost with the power."""
    row = script("replica_copy.py", str(master), str(replica))
    started = time.monotonic()
    subprocess.run(["sync", str(replica)], check=True)
    return {**row, "wall": row["wall"] + time.monotonic() - started}


def copied_by_duckdb(master: Path, replica: Path) -> dict:
    row = script("replica_database.py", str(master), str(replica))
    started = time.monotonic()
    subprocess.run(["sync", str(replica)], check=True)
    return {**row, "wall": row["wall"] + time.monotonic() - started}


def loaded(windlass: Windlass, server: Server, database: str, replica: Path, streams: int) -> dict:
    source = {"connection": "source", "tables": [{"name": "wide", "table": "public.wide"}]}
    step = {"from": source, "to": str(replica), "streams": streams}
    row = windlass.run({"source": {"postgres": {"url": server.address(database)}}}, publish_replica=step)
    return {**row, "rows": row["outcome"]["rows"], "bytes": replica.stat().st_size, "phases": row["outcome"].get("phases", {})}


def loaded_as_csv(server: Server, database: str, file: Path) -> dict:
    # The file is made anew each time, as a replica is.
    return script("replica_csv.py", server.address(database), "wide", str(file))


def script(name: str, *arguments: str) -> dict:
    """A baseline's own seconds, without the start of Python, as Windlass' are without that of the program."""
    row = measured([sys.executable, str(BASELINES / name), *arguments])
    told = json.loads(row["out"].splitlines()[-1])
    return {**row, **told, "wall": told["seconds"]}
