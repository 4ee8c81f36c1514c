"""Requests per second and how long they take, on a state database with many jobs and runs."""

import argparse
import http.client
import json
import re
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))

from program import default_program, machine
from server import Server, programs

FILL = Path(__file__).resolve().parent / "fill.sql"
JOB = {"job": "model", "schedule": {"cron": "@daily"}, "steps": [{"id": "a", "sql": {"connection": "pg", "statement": "select 1"}}]}


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench-api", description=__doc__)
    parser.add_argument("--windlass", type=Path, default=default_program(), help="the program")
    parser.add_argument("--postgres", help="folder of PostgreSQL's programs")
    parser.add_argument("--jobs", type=int, default=1000, help="jobs in the state database")
    parser.add_argument("--runs", type=int, default=1_000_000, help="runs in the state database")
    parser.add_argument("--seconds", type=float, default=10, help="how long each path is asked for")
    parser.add_argument("--clients", type=int, default=8, help="connections at a time")
    return parser.parse_args()


class Daemon:
    """`windlass serve` on a port of its own."""

    def __init__(self, program: Path, folder: Path, state: str):
        (folder / "jobs").mkdir()
        # JSON is YAML.
        (folder / "jobs" / "model.yaml").write_text(json.dumps(JOB), encoding="utf-8")
        url = {"postgres": {"url": state}}
        settings = {"data_dir": str(folder / "data"), "state": url, "connections": {"pg": url}, "http": {"listen": "127.0.0.1:0"}}
        (folder / "windlass.yaml").write_text(json.dumps(settings), encoding="utf-8")
        self.log = folder / "log"
        self.process = subprocess.Popen([str(program), "serve"], cwd=folder, stderr=open(self.log, "wb"))
        while not re.search(r"\bready\b", said := self.log.read_text()):
            if self.process.poll() is not None:
                raise SystemExit(f"error: the daemon ended: {said}")
            time.sleep(0.05)
        self.port = int(re.search(r"address=127\.0\.0\.1:(\d+)", said)[1])

    def __enter__(self) -> "Daemon":
        return self

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        self.process.wait()


def ask(connection: http.client.HTTPConnection, path: str) -> bytes:
    connection.request("GET", path)
    answer = connection.getresponse()
    body = answer.read()
    if answer.status != 200:
        raise SystemExit(f"error: {path}: {answer.status} {body.decode()}")
    return body


def measure(port: int, path: str, given: argparse.Namespace) -> str:
    """One path, asked for by all clients at once, each on one connection."""
    took: list[float] = []
    size = len(ask(http.client.HTTPConnection("127.0.0.1", port), path))
    until = time.monotonic() + given.seconds

    def client() -> None:
        connection, own = http.client.HTTPConnection("127.0.0.1", port), []
        while (started := time.monotonic()) < until:
            ask(connection, path)
            own.append(time.monotonic() - started)
        took.extend(own)

    clients = [threading.Thread(target=client) for _ in range(given.clients)]
    for each in clients:
        each.start()
    for each in clients:
        each.join()
    took.sort()
    at = lambda part: f"{took[int(len(took) * part)] * 1000:.1f} ms"
    return f"| `{path}` | {size / 1024:.0f} KiB | {len(took) / given.seconds:.0f} | {at(0.5)} | {at(0.99)} |"


def main() -> None:
    given = options()
    with tempfile.TemporaryDirectory(prefix="windlass-bench-") as folder, Server(programs(given.postgres)) as server:
        with Daemon(given.windlass, Path(folder), server.address("state")) as daemon:
            print(f"filling the state database with {given.jobs} jobs and {given.runs} runs …", file=sys.stderr)
            fill = f"\\set jobs {given.jobs}\n\\set runs {given.runs}\n" + FILL.read_text(encoding="utf-8")
            psql = ["psql", "--no-psqlrc", "-q", "--set=ON_ERROR_STOP=1", f"--dbname={server.address('state')}"]
            subprocess.run(psql, input=fill, text=True, check=True)
            job = f"job-{given.jobs // 2:06}"
            run = server.run("state", f"select id from windlass.run where job = '{job}' order by created_at limit 1")
            print(f"{machine()}, PostgreSQL {server.version()}, {given.clients} clients\n")
            print("| path | answer | requests/s | median | p99 |\n|---|---|---|---|---|")
            for path in ["jobs", f"jobs/{job}", "runs", f"runs?job={job}", "runs?state=failed", f"runs/{run}", "audit", "locks"]:
                print(measure(daemon.port, f"/api/v1/{path}", given), flush=True)


main()
