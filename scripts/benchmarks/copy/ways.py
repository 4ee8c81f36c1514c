"""The ways to copy a set of data, each as a command of its own process, measured alike."""

import json
import os
import shutil
import subprocess
import tempfile
import time
from datetime import datetime
from pathlib import Path

from server import Server

BASELINES = Path(__file__).resolve().parents[2] / "baselines"


def measured(command: list[str], folder: Path | None = None) -> dict:
    """Runs a command: seconds by the clock, seconds of CPU of it and its children, peak memory of the largest of them."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as errors:
        started = time.monotonic()
        process = subprocess.Popen(command, stdout=out, stderr=errors, cwd=folder)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.monotonic() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0), errors.seek(0)
        if status:
            raise SystemExit(f"bench-copy: error: {command[0]}: {errors.read().decode()[-2000:]}{out.read().decode()[-2000:]}")
        cpu = usage.ru_utime + usage.ru_stime
        return {"wall": wall, "cpu": cpu, "mib": usage.ru_maxrss / 1024, "out": out.read().decode()}


class Windlass:
    """`windlass run`, with its state on the same server. `wall` is the step's own time, as the state database has it:
    a daemon would be running already."""

    def __init__(self, program: Path, server: Server):
        self.program, self.server = program, server
        self.folder = server.folder / "windlass"
        (self.folder / "jobs").mkdir(parents=True)

    def __call__(self, name: str, source: dict, target: dict, **more: object) -> dict:
        step = {"from": {"connection": "source", **source}, "to": {"connection": "target", **target}, **more}
        job = {"job": "bench", "steps": [{"id": "copy", "copy_to_staging": step}]}
        connection = lambda side: {"postgres": {"url": self.server.address(f"{side}_{name}")}}
        settings = {
            "data_dir": str(self.folder / "data"), "jobs_dir": str(self.folder / "jobs"),
            "state": {"postgres": {"url": self.server.address("state")}},
            "connections": {"source": connection("source"), "target": connection("target")},
        }
        # JSON is YAML.
        (self.folder / "jobs" / "bench.yaml").write_text(json.dumps(job), encoding="utf-8")
        (self.folder / "windlass.yaml").write_text(json.dumps(settings), encoding="utf-8")
        row = measured([str(self.program), "run", "bench", "--config", "windlass.yaml", "--json"], self.folder)
        run = json.loads(row["out"].strip().splitlines()[-1])
        attempt = run["steps"][0]["attempts"][-1]
        moment = lambda key: datetime.fromisoformat(attempt[key].replace("Z", "+00:00"))
        row["process"] = row["wall"]
        row["wall"] = (moment("ended_at") - moment("started_at")).total_seconds()
        row["rows"] = attempt["outcome"]["rows"]
        return row


def pipe(server: Server, name: str, tables: list[str], form: str) -> dict:
    script = str(BASELINES / "staging_pipe")
    return measured([script, server.address(f"source_{name}"), server.address(f"target_{name}"), form, *tables])


def buffered(server: Server, name: str, table: str) -> dict:
    script = str(BASELINES / "staging_buffer.py")
    return measured(["python3", script, server.address(f"source_{name}"), server.address(f"target_{name}"), table])


def pgcopydb(server: Server, name: str, jobs: int) -> dict | None:
    if shutil.which("pgcopydb") is None:
        return None
    folder = server.folder / "pgcopydb"
    shutil.rmtree(folder, ignore_errors=True)
    command = ["pgcopydb", "copy", "table-data", "--dir", str(folder), "--table-jobs", str(jobs), "--restart",
               "--source", server.address(f"source_{name}"), "--target", server.address(f"target_{name}")]
    return measured(command)


def floor(server: Server, name: str, table: str) -> dict:
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
