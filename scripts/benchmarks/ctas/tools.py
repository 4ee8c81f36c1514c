"""The two that are compared: each makes a table once and says how that went, in one shape."""

import json
import os
import subprocess
import sys
import time
from datetime import datetime
from pathlib import Path

from data import Data

BASELINE = Path(__file__).resolve().parents[2] / "baselines" / "ctas_guarantee.py"
RETRY_DELAY = 2.0


def outcome(**values: object) -> dict:
    return {key: round(value, 3) if isinstance(value, float) else value for key, value in values.items()}


def baseline(server: Data, query: str, target: int = 4) -> dict:
    started = time.monotonic()
    command = [sys.executable, str(BASELINE), server.url, "result", query, "--target", str(target)]
    ended = subprocess.run(command, check=True, capture_output=True, text=True)
    said = json.loads(ended.stdout.splitlines()[-1])
    return outcome(
        ok=said["ok"], target_met=said["ok"] and said["workers"] >= target, workers=said["workers"],
        attempts=said["attempts"], seconds=time.monotonic() - started, step_s=said["seconds"], lost_s=said["lost_s"],
        cancelled_s=said["cancelled_s"], error=said["error"],
    )


class Windlass:
    """The program, with settings and state of its own."""

    def __init__(self, program: Path, server: Data):
        self.program, self.server, self.folder = program, server, server.folder / "windlass"
        (self.folder / "jobs").mkdir(parents=True)
        settings = {
            "data_dir": str(self.folder / "data"),
            "state": {"postgres": {"url": server.address("state")}},
            "connections": {
                "db": {"postgres": {"url": server.address()}},
                "plain": {"postgres": {"url": server.address(user="looker")}},
            },
        }
        # JSON is YAML.
        (self.folder / "windlass.yaml").write_text(json.dumps(settings), encoding="utf-8")

    def call(self, *arguments: str) -> subprocess.CompletedProcess:
        environment = {key: value for key, value in os.environ.items() if not key.startswith("WINDLASS_")}
        command = [str(self.program), *arguments, "--config", str(self.folder / "windlass.yaml")]
        return subprocess.run(command, capture_output=True, text=True, env=environment, check=False)

    def run(self, query: str, workers: dict | None = None, connection: str = "db", **step: object) -> dict:
        guarantee = {"target": 4, "minimum": 2, "attempts": 5, **(workers or {})}
        kind = {"connection": connection, "table": "result", "query": query, "workers": guarantee, **step}
        job = {"job": "bench", "steps": [{"id": "table", "parallel_ctas": kind}]}
        path = self.folder / "jobs" / "bench.yaml"
        path.write_text(json.dumps(job), encoding="utf-8")
        started = time.monotonic()
        ended = self.call("run", str(path), "--json")
        seconds = time.monotonic() - started
        if ended.returncode not in (0, 1):
            raise SystemExit(f"bench-ctas: error: windlass ended with {ended.returncode}: {ended.stderr}")
        run = json.loads(ended.stdout.splitlines()[-1])
        attempt = run["steps"][0]["attempts"][-1]
        step_s = (at(attempt["ended_at"]) - at(attempt["started_at"])).total_seconds()
        if attempt["state"] != "succeeded":
            cancelled = self.cancelled(run["id"], guarantee, step_s)
            # A query that can't be parallel is never tried.
            tried = 0 if attempt["failure"]["code"] == "WL0412" else guarantee["attempts"]
            return outcome(
                ok=False, target_met=False, workers=0, attempts=tried, seconds=seconds, step_s=step_s,
                lost_s=step_s, cancelled_s=cancelled, error=attempt["failure"]["message"],
            )
        had = attempt["outcome"]["workers"]
        return outcome(
            ok=True, target_met=had["target_met"], workers=had["achieved"], attempts=had["attempts"], seconds=seconds,
            step_s=step_s, lost_s=had["slot_wait_s"] + had["lost_s"], slot_wait_s=had["slot_wait_s"],
            cancelled_s=self.cancelled(run["id"], guarantee, had["lost_s"]), error=None,
        )

    def cancelled(self, run: str, guarantee: dict, lost: float) -> float:
        """Seconds of work that was cancelled: what was lost without the pauses after it."""
        if lost <= 0.0:
            return 0.0
        times = self.call("logs", run).stdout.count("cancelled, dropped")
        pauses = min(times, guarantee["attempts"] - 1) * RETRY_DELAY if "retry_delay" not in guarantee else 0.0
        return max(0.0, lost - pauses) if times else 0.0


def at(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))
