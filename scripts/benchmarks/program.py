"""Windlass as a command, and how long a command takes and how much memory."""

import json
import os
import platform
import subprocess
import tempfile
import time
from datetime import date, datetime
from pathlib import Path


def default_program() -> Path:
    """Where a release build puts the program."""
    target = Path(os.environ.get("CARGO_TARGET_DIR", Path.home() / ".cache/windlass/target"))
    return target / "release" / "windlass"


def machine() -> str:
    """When and where, for the head of a table."""
    gib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{date.today()}: {os.cpu_count()} processors, {gib:.0f} GiB, {platform.system()} {platform.release()}"


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
            raise SystemExit(f"error: {command[0]}: {errors.read().decode()[-2000:]}{out.read().decode()[-2000:]}")
        cpu = usage.ru_utime + usage.ru_stime
        return {"wall": wall, "cpu": cpu, "mib": usage.ru_maxrss / 1024, "out": out.read().decode()}


class Windlass:
    """`windlass run` of a job with one step, with its state on a server. `wall` is the step's own time, as the state
    database has it: a daemon would be running already."""

    def __init__(self, program: Path, folder: Path, state: str):
        self.program, self.folder, self.state = program, folder, state
        (self.folder / "jobs").mkdir(parents=True)

    def run(self, connections: dict, **step: object) -> dict:
        job = {"job": "bench", "steps": [{"id": "step", **step}]}
        settings = {
            "data_dir": str(self.folder / "data"), "jobs_dir": str(self.folder / "jobs"),
            "state": {"postgres": {"url": self.state}}, "connections": connections,
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
        row["outcome"] = attempt["outcome"]
        return row
