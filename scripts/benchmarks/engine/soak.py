"""A million runs with a short memory: what is kept stays as large as it is."""

import time
from pathlib import Path

from daemon import Installation

TABLES = ["run", "attempt", "firing", "lock_grant", "audit", "definition", "daemon"]

FIGURES = (
    "select (select count(*) from windlass.run where ended_at is null), (select count(*) from windlass.run), "
    "coalesce(extract(epoch from (select now() - ended_at from windlass.run where ended_at is not null order by created_at limit 1)), 0)"
)


def resident(pid: int) -> float:
    """MiB of memory that a process has now."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmRSS:")).split()[1]) / 1024


def soak(installation: Installation, count: int, rows: int = 20) -> dict:
    """Keeps the queue full until so many runs have ended, and prints a row now and then."""
    daemon = installation.daemons[0]
    queued, done, due, began = 0, 0, 0.0, time.monotonic()
    sizes = ", ".join(f"pg_total_relation_size('windlass.{table}') / 1048576.0" for table in TABLES)
    dead = "select coalesce(sum(n_dead_tup), 0) from pg_stat_user_tables where schemaname = 'windlass'"
    print("\n| runs ended | s | runs/s | memory, MiB | runs kept | oldest, s | dead rows | " + " | ".join(f"{table}, MiB" for table in TABLES) + " |")
    print("|" + "---|" * (7 + len(TABLES)))
    memory, kept, last = [], [], (0, 0.0)
    while done < count:
        open_runs, runs, oldest = (float(value) for value in installation.ask(FIGURES).split("|"))
        done = queued - int(open_runs)
        if open_runs < 5_000 and queued < count:
            more = min(5_000, count - queued)
            installation.queue("one", more)
            queued += more
        passed = time.monotonic() - began
        if done >= due:
            due += count / rows
            speed = (done - last[0]) / max(passed - last[1], 0.001)
            last = (done, passed)
            table = [float(value) for value in installation.ask(f"select {sizes}").split("|")]
            memory.append(resident(daemon.process.pid))
            kept.append(sum(table))
            figures = [f"{done}", f"{passed:.0f}", f"{speed:.0f}", f"{memory[-1]:.1f}", f"{runs:.0f}", f"{oldest:.0f}", installation.ask(dead)]
            print("| " + " | ".join(figures + [f"{size:.1f}" for size in table]) + " |", flush=True)
        time.sleep(0.2)
    half = len(memory) // 2
    return {
        "runs": done, "runs/s": done / (time.monotonic() - began),
        "memory, most of the second half / of the first": max(memory[half:]) / max(memory[:half]),
        "tables, most of the second half / of the first": max(kept[half:]) / max(kept[:half]),
        "daemon's CPU, ms a run": daemon.cpu() * 1000 / done,
    }
