"""Readers in processes of their own, while the replica is published without a pause and its master is being written."""

import json
import re
import subprocess
import sys
import threading
import time
import urllib.request
from collections import Counter
from contextlib import contextmanager
from pathlib import Path
from typing import Iterator

from ledger import NEXT

HERE = Path(__file__).resolve().parent
COPY = HERE.parents[1] / "baselines" / "replica_copy.py"
COUNTS = ("opens", "failed_opens", "failed_queries", "inconsistent", "generations")
# Steps of one run: writes, and beside them in another run publishes, by both methods in turn.
STEPS = 50
METHODS = ("copy", "compact")


class Readers:
    """So many reader processes; each makes its share of the opens. One that dies is counted and started again. Where there
    is a manifest, every other reader goes by it."""

    def __init__(self, replica: Path, count: int, opens: int, manifest: bool):
        self.replica, self.counted, self.said, self.lock = replica, Counter(), Counter(), threading.Lock()
        kinds = ["manifest" if manifest and number % 2 else "name" for number in range(count)]
        self.threads = [threading.Thread(target=self.one, args=(-(-opens // count), kind)) for kind in kinds]
        self.running: set[subprocess.Popen] = set()
        self.ended = False

    def __enter__(self) -> "Readers":
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        with self.lock:
            self.ended = True
            for process in self.running:
                process.kill()
        for thread in self.threads:
            thread.join()

    def one(self, wanted: int, kind: str) -> None:
        while wanted > 0:
            made = self.until_it_ends(wanted, kind)
            wanted -= made["opens"]
            if wanted <= 0 or self.ended:
                return
            # The open that it died of was not told any more.
            wanted -= 1
            with self.lock:
                self.counted.update(opens=1, died=1)

    def until_it_ends(self, wanted: int, kind: str) -> dict:
        command = [sys.executable, str(HERE / "reader.py"), str(self.replica), str(wanted), kind]
        last = dict.fromkeys(COUNTS, 0)
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            with self.lock:
                self.running.add(process)
                if self.ended:
                    process.kill()
            for line in process.stdout:
                told = json.loads(line)
                with self.lock:
                    self.counted.update({key: told[key] - last[key] for key in COUNTS})
                    if told["said"]:
                        self.said[brief(told["said"])] += 1
                last = told
        with self.lock:
            self.running.discard(process)
        return last

    def are_reading(self) -> bool:
        return any(thread.is_alive() for thread in self.threads)

    def result(self) -> dict:
        return {**dict.fromkeys((*COUNTS, "died"), 0), **self.counted, "said": dict(self.said.most_common(5))}


def brief(text: str) -> str:
    """An error without its paths and numbers, so that equal ones count together."""
    return re.sub(r"\d+", "N", re.sub(r'"?/[^\s":]+"?', "FILE", text.splitlines()[0]))[:160]


def ours(program: Path, folder: Path, state: str, count: int, opens: int) -> dict:
    """Windlass as a daemon: one job writes the master, another publishes it, both at once and without a pause."""
    replica = folder / "replica" / "ledger.db"
    make_master(folder / "ledger.db")
    with daemon(program, folder, state, replica) as metrics:
        with Readers(replica, count, opens, manifest=True) as readers:
            started = time.monotonic()
            while readers.are_reading():
                time.sleep(0.2)
            seconds = time.monotonic() - started
        ended = metrics()
    return {**readers.result(), "seconds": seconds, **ended}


def baseline(folder: Path, count: int, opens: int) -> dict:
    """The field's way: a writer has the master, somebody else copies the file and renames the copy."""
    master, replica = folder / "ledger.db", folder / "replica" / "ledger.db"
    make_master(master)
    replica.parent.mkdir()
    publish = lambda: subprocess.run([sys.executable, str(COPY), str(master), str(replica)], stdout=subprocess.DEVNULL).returncode
    publish()
    writer = subprocess.Popen([sys.executable, str(HERE / "writer.py"), str(master)], stdin=subprocess.PIPE)
    published = Counter()
    try:
        with Readers(replica, count, opens, manifest=False) as readers:
            started = time.monotonic()
            while readers.are_reading():
                published["failed" if publish() else "succeeded"] += 1
            seconds = time.monotonic() - started
    finally:
        writer.stdin.close()
        writer.wait()
    return {**readers.result(), "seconds": seconds, "publishes": published["succeeded"], "failed_publishes": published["failed"]}


def make_master(path: Path) -> None:
    subprocess.run([sys.executable, str(HERE / "ledger.py"), str(path)], check=True)


@contextmanager
def daemon(program: Path, folder: Path, state: str, replica: Path) -> Iterator:
    """A daemon with both jobs, which has published once. Yields what counts the attempts of the publishing step."""
    replica.parent.mkdir()
    often = {"every": "1s", "overlap": "skip", "missed": "skip"}
    sql = lambda number: {"id": f"write_{number}", "sql": {"connection": "ledger", "statement": NEXT}}
    publish = lambda number: {
        "id": f"publish_{number}",
        "publish_replica": {"from": {"connection": "ledger"}, "to": str(replica), "method": METHODS[number % 2]},
    }
    settings = {
        "data_dir": str(folder / "data"), "jobs_dir": str(folder / "jobs"), "http": {"listen": "127.0.0.1:0"},
        "runner": {"drain": "1s"},
        "state": {"postgres": {"url": state}}, "connections": {"ledger": {"duckdb": {"path": str(folder / "ledger.db")}}},
    }
    (folder / "jobs").mkdir()
    for name, step in [("write", sql), ("publish", publish)]:
        job = {"job": name, "schedule": often, "steps": [step(number) for number in range(STEPS)]}
        (folder / "jobs" / f"{name}.yaml").write_text(json.dumps(job), encoding="utf-8")
    (folder / "windlass.yaml").write_text(json.dumps(settings), encoding="utf-8")
    log = folder / "windlass.log"
    with open(log, "wb") as errors:
        command = [str(program), "serve", "--config", str(folder / "windlass.yaml"), "-v"]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=errors)
    try:
        wait(process, log, replica.with_name(f"{replica.name}.json").exists)
        address = re.search(r"listening.*?(127\.0\.0\.1:\d+)", plain(log))[1]
        yield lambda: counted(address)
    finally:
        process.terminate()
        process.wait()


def plain(log: Path) -> str:
    """The log without colours."""
    return re.sub(r"\x1b\[[0-9;]*m", "", log.read_text(encoding="utf-8"))


def wait(process: subprocess.Popen, log: Path, holds) -> None:
    deadline = time.monotonic() + 60
    while not holds():
        if process.poll() is not None or time.monotonic() > deadline:
            raise SystemExit(f"error: nothing was published: {plain(log)[-3000:]}")
        time.sleep(0.05)


def counted(address: str) -> dict:
    with urllib.request.urlopen(f"http://{address}/metrics", timeout=10) as answer:
        text = answer.read().decode()
    attempts = Counter()
    for labels, value in re.findall(r"^windlass_step_attempts_total\{(.*)\} (\d+)", text, re.MULTILINE):
        kind, outcome = (re.search(rf'{key}="(\w+)"', labels)[1] for key in ("kind", "outcome"))
        attempts[kind, "succeeded" if outcome == "succeeded" else "failed"] += int(value)
    return {
        "publishes": attempts["publish_replica", "succeeded"], "failed_publishes": attempts["publish_replica", "failed"],
        "writes": attempts["sql", "succeeded"], "failed_writes": attempts["sql", "failed"],
    }
