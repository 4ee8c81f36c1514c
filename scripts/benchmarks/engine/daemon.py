"""Daemons of Windlass on a state database, with a folder of their own, ended with the benchmark."""

import json
import signal
import subprocess
import time
import urllib.request
from pathlib import Path

from server import Server


class Installation:
    """A folder with settings and jobs, for any number of daemons on one state database."""

    def __init__(self, program: Path, folder: Path, server: Server, jobs: dict[str, dict], max_runs: int,
                 state: str = "state", more: dict | None = None):
        self.program, self.folder, self.server, self.state, self.daemons = program, folder, server, state, []
        if server.run("postgres", f"select count(*) from pg_database where datname = '{state}'") == "0":
            server.run("postgres", f"create database {state}")
        (folder / "jobs").mkdir(parents=True)
        settings = {
            "data_dir": str(folder / "data"), "jobs_dir": str(folder / "jobs"),
            "state": {"postgres": {"url": server.address(state)}},
            "http": {"listen": "127.0.0.1:0"}, "runner": {"max_runs": max_runs},
            **(more or {}),
        }
        (folder / "windlass.yaml").write_text(json.dumps(settings), encoding="utf-8")
        for name, job in jobs.items():
            (folder / "jobs" / f"{name}.yaml").write_text(json.dumps({"job": name, **job}), encoding="utf-8")

    def start(self) -> "Daemon":
        daemon = Daemon(self)
        self.daemons.append(daemon)
        return daemon

    def command(self, *arguments: str) -> str:
        line = [str(self.program), *arguments, "--config", str(self.folder / "windlass.yaml")]
        return subprocess.run(line, check=True, stdout=subprocess.PIPE, text=True).stdout

    def ask(self, statement: str) -> str:
        return self.server.run(self.state, statement)

    def queue(self, job: str, count: int) -> None:
        """Puts runs into the queue all at once, as no command can."""
        self.ask(
            "insert into windlass.run (id, job, definition, state, trigger, scheduled_for, queued_at) "
            "select gen_random_uuid(), name, definition, 'queued', 'manual', now(), now() + n * interval '1 microsecond' "
            f"from windlass.job, generate_series(1, {count}) as n where name = '{job}'"
        )

    def wait(self, statement: str, wanted: str, limit: float = 600) -> None:
        deadline = time.monotonic() + limit
        while self.ask(statement) != wanted:
            if time.monotonic() > deadline:
                raise SystemExit(f"error: `{statement}` did not become {wanted} within {limit} s")
            time.sleep(0.05)

    def stop(self) -> None:
        for daemon in self.daemons:
            daemon.stop()
        self.daemons = []


class Daemon:
    """One `windlass serve`."""

    def __init__(self, installation: Installation):
        self.log = open(installation.folder / f"daemon-{len(installation.daemons)}.log", "w+", encoding="utf-8")
        line = [str(installation.program), "serve", "--config", str(installation.folder / "windlass.yaml")]
        before = int(installation.ask("select count(*) from windlass.daemon") if installation.daemons else 0)
        self.process = subprocess.Popen(line, stdout=self.log, stderr=self.log)
        if installation.daemons:
            installation.wait("select count(*) from windlass.daemon", str(before + 1), 30)
        else:
            deadline = time.monotonic() + 30
            count = "select count(*) from pg_tables where schemaname = 'windlass' and tablename = 'job'"
            while installation.ask(count) != "1" or installation.ask("select count(*) from windlass.job") == "0":
                if time.monotonic() > deadline or self.process.poll() is not None:
                    raise SystemExit(f"error: the daemon doesn't start: {self.said()}")
                time.sleep(0.05)

    def said(self) -> str:
        self.log.seek(0)
        return self.log.read()[-2000:]

    def cpu(self) -> float:
        """Seconds of CPU that it and its ended children used."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return sum(int(field) for field in fields[11:13]) / 100

    def send(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait()
        self.log.close()
