"""The ways to copy a set of data, each as a command of its own process, measured alike."""

import os
import shutil
import time
from pathlib import Path

from data import Data
from program import Windlass, measured

BASELINES = Path(__file__).resolve().parents[2] / "baselines"


def copied(windlass: Windlass, server: Data, name: str, source: dict, target: dict, **more: object) -> dict:
    """`copy_to_staging` from one side of a set of data to the other."""
    connection = lambda side: {"postgres": {"url": server.address(f"{side}_{name}")}}
    step = {"from": {"connection": "source", **source}, "to": {"connection": "target", **target}, **more}
    row = windlass.run({"source": connection("source"), "target": connection("target")}, copy_to_staging=step)
    row["rows"] = row["outcome"]["rows"]
    return row


def pipe(server: Data, name: str, tables: list[str], form: str) -> dict:
    script = str(BASELINES / "staging_pipe")
    return measured([script, server.address(f"source_{name}"), server.address(f"target_{name}"), form, *tables])


def buffered(server: Data, name: str, table: str) -> dict:
    script = str(BASELINES / "staging_buffer.py")
    return measured(["python3", script, server.address(f"source_{name}"), server.address(f"target_{name}"), table])


def pgcopydb(server: Data, name: str, jobs: int) -> dict | None:
    if shutil.which("pgcopydb") is None:
        return None
    folder = server.folder / "pgcopydb"
    shutil.rmtree(folder, ignore_errors=True)
    command = ["pgcopydb", "copy", "table-data", "--dir", str(folder), "--table-jobs", str(jobs), "--restart",
               "--source", server.address(f"source_{name}"), "--target", server.address(f"target_{name}")]
    return measured(command)


def floor(server: Data, name: str, table: str) -> dict:
    """What the servers' own work takes: COPY out to nowhere, COPY in from a file into a table made in the same transaction."""
    file = server.folder / "floor"
    server.run(f"source_{name}", f"copy {table} to '{file}' (format binary)")
    started = time.monotonic()
    server.run(f"source_{name}", f"copy {table} to '/dev/null' (format binary)")
    out = time.monotonic() - started
    load = f"begin; create table floor (like {table}); copy floor from '{file}' (format binary, freeze); rollback"
    started = time.monotonic()
    server.run(f"target_{name}", load)
    into = time.monotonic() - started
    file.unlink()
    return {"out": out, "in": into, "wall": max(into, (out + into) / (os.cpu_count() or 1))}
