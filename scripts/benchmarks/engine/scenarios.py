"""What is measured of the engine, each beside what the same server does for pgbench in the same run."""

import signal
import subprocess
import time

from daemon import Installation
from server import Server

NOTHING = {"command": {"program": "true"}}
CHAIN = 40

JOBS = {
    "chain": {"steps": [{"id": f"s{number}", **NOTHING} for number in range(CHAIN)]},
    "one": {"steps": [{"id": "only", **NOTHING}]},
    "long": {"steps": [{"id": "sleep", "command": {"program": "sleep", "args": ["600"]}}]},
    "often": {"schedule": {"every": "1s", "missed": "skip"}, "steps": [{"id": "only", **NOTHING}]},
}

# Runs that started after one that was queued 64 places behind them.
LATE = (
    "select count(*) from (select queued_at < lag(queued_at, 64) over (order by started_at, queued_at) as late "
    "from windlass.run where job = 'one') as runs where late"
)


def median(values: list[float]) -> float:
    return sorted(values)[len(values) // 2]


def pgbench(server: Server, clients: int, seconds: int) -> tuple[float, float]:
    """Transactions per second, and milliseconds for one, of pgbench's small write."""
    if server.run("postgres", "select to_regclass('pgbench_accounts') is null") == "t":
        subprocess.run([server.bin / "pgbench", "-q", "-i", "-s", "10", server.address()], check=True, capture_output=True)
    line = [server.bin / "pgbench", "-N", "-n", "-c", str(clients), "-T", str(seconds), server.address()]
    said = subprocess.run(line, check=True, capture_output=True, text=True).stdout
    number = lambda start: next(float(row.split("=")[1].split()[0]) for row in said.splitlines() if row.startswith(start))
    return number("tps"), number("latency average")


def started(program: str, count: int = 200) -> float:
    """Milliseconds to run a program to its end, at the median: what a step of the chain costs without an engine."""
    times = []
    for _ in range(count):
        began = time.monotonic()
        subprocess.run([program], check=True)
        times.append((time.monotonic() - began) * 1000)
    return median(times)


def chain(installation: Installation, rounds: int) -> dict:
    """Milliseconds a step takes in a chain of steps that do next to nothing."""
    per_step = []
    for _ in range(rounds):
        installation.command("trigger", "chain")
        installation.wait("select count(*) from windlass.run where job = 'chain' and state in ('queued', 'waiting', 'running')", "0")
        took = "select extract(epoch from ended_at - started_at) from windlass.run where job = 'chain' order by created_at desc limit 1"
        per_step.append(float(installation.ask(took)) * 1000 / CHAIN)
    return {"ms a step": median(per_step)}


def throughput(installation: Installation, count: int, daemons: int) -> dict:
    """One-step runs per second that daemons get through."""
    installation.stop()
    installation.queue("one", count)
    for _ in range(daemons):
        installation.start()
    ended = "select count(*) from windlass.run where job = 'one' and state in ('queued', 'waiting', 'running')"
    before = installation.server.cpu()
    installation.wait(ended, "0")
    server = installation.server.cpu() - before
    times = installation.ask(
        "select extract(epoch from max(ended_at) - min(started_at)), "
        "extract(epoch from percentile_disc(0.5) within group (order by ended_at - started_at)) * 1000, "
        "(select count(distinct daemon) from windlass.attempt join windlass.run on run.id = run where job = 'one') "
        "from windlass.run where job = 'one'"
    )
    seconds, took, owners = times.split("|")
    order = installation.ask(LATE)
    cpu = sum(daemon.cpu() for daemon in installation.daemons)
    installation.ask("delete from windlass.run where job = 'one'")
    return {"runs/s": count / float(seconds), "ms a run": float(took), "daemons that took part": int(owners),
            "more than 64 places out of order": int(order), "daemons' CPU, ms a run": cpu * 1000 / count,
            "the server's CPU, ms a run": server * 1000 / count}


def takeover(installation: Installation) -> dict:
    """Seconds from kill -9 of a daemon to the next attempt by another."""
    times = []
    for _ in range(3):
        first = installation.daemons[0]
        while len(installation.daemons) < 2:
            installation.start()
        second = installation.daemons[1]
        second.send(signal.SIGSTOP)
        installation.command("trigger", "long")
        installation.wait("select count(*) from windlass.attempt join windlass.run on run.id = run where job = 'long' and attempt.state = 'running'", "1", 60)
        second.send(signal.SIGCONT)
        time.sleep(1)
        killed = time.time()
        first.send(signal.SIGKILL)
        first.process.wait()
        again = "select count(*) from windlass.attempt join windlass.run on run.id = run where job = 'long' and attempt.state = 'running' and number > 1"
        installation.wait(again, "1", 60)
        at = installation.ask("select max(extract(epoch from attempt.started_at)) from windlass.attempt join windlass.run on run.id = run where job = 'long'")
        times.append(float(at) - killed)
        run = installation.ask("select id from windlass.run where job = 'long' and state = 'running'")
        installation.command("cancel", run)
        installation.wait("select count(*) from windlass.run where job = 'long' and state = 'running'", "0", 60)
        installation.daemons.remove(first)
    return {"s to the next attempt": median(times), "most": max(times)}


def restart(installation: Installation, server: Server) -> dict:
    """Seconds from the state server's restart to the first scheduled run."""
    times = []
    for mode in ("fast", "immediate", "fast"):
        time.sleep(3)
        server.call("pg_ctl", "-D", str(server.folder / "data"), "-w", "-m", mode, "-l", str(server.folder / "log"), "restart")
        back = time.time()
        first = f"select coalesce(min(extract(epoch from started_at)), 0) from windlass.run where job = 'often' and started_at > to_timestamp({back})"
        deadline = time.monotonic() + 60
        while (at := float(installation.ask(first))) == 0:
            if time.monotonic() > deadline:
                raise SystemExit("error: no scheduled run within 60 s of the restart")
            time.sleep(0.05)
        times.append(at - back)
    return {"s to the first scheduled run": median(times), "most": max(times)}


def lag(installation: Installation, what: str) -> float:
    """Milliseconds from due times to their places in the ledger, at that percentile, since they were last forgotten."""
    found = f"select extract(epoch from percentile_disc({what}) within group (order by noticed_at - scheduled_for)) * 1000 from windlass.firing"
    return float(installation.ask(found))


def backlog(installation: Installation, count: int) -> dict:
    """A long queue drains while jobs are due every second: in order, and due times are noticed as on a quiet day."""
    figures = {}
    noticed = "select count(*) >= 100 from windlass.firing"
    installation.wait(noticed, "t", 60)
    quiet = {name: lag(installation, what) for name, what in (("p50", 0.5), ("p99", 0.99))}
    installation.queue("one", count)
    installation.ask("delete from windlass.firing where state <> 'due'")
    began = time.monotonic()
    installation.wait("select count(*) from windlass.run where job = 'one' and ended_at is null", "0", 3600)
    figures["s until the queue was empty"] = time.monotonic() - began
    figures["due times noticed meanwhile"] = int(installation.ask("select count(*) from windlass.firing"))
    for name, what in (("p50", 0.5), ("p99", 0.99)):
        figures[f"ms from a due time to the ledger, {name}: before"] = quiet[name]
        figures[f"ms from a due time to the ledger, {name}: meanwhile"] = lag(installation, what)
    figures["more than 64 places out of order"] = int(installation.ask(LATE))
    return figures
