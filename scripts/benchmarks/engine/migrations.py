"""What each migration takes where there are many runs already, and then the indexes, which are built beside the work."""

import subprocess
import time
from pathlib import Path

from daemon import Installation
from server import Server

# As V1 has the tables. A thousandth is still open.
FILL = """
insert into windlass.definition values ('hash', 'job', 'source', '{}', '/');
insert into windlass.job (name, definition) values ('job', 'hash');
insert into windlass.daemon (id, host, pid, process_started, version, lease_until, ended_at)
values ('00000000-0000-0000-0000-000000000001', 'host', 1, 1, '0', now(), now());
insert into windlass.run (id, job, definition, state, trigger, scheduled_for, created_at, ended_at)
select ('00000000-0000-0000-0000-' || lpad(to_hex(n), 12, '0'))::uuid, 'job', 'hash',
       case when n % 1000 = 0 then 'queued' else 'succeeded' end, 'schedule', now(), now() - n * interval '1 second', now()
from generate_series(1, :rows) as n;
insert into windlass.attempt (run, step, number, round, state, daemon)
select id, 0, 1, 1, 'succeeded', '00000000-0000-0000-0000-000000000001' from windlass.run where state = 'succeeded';
insert into windlass.firing (job, scheduled_for, state, run)
select 'job', now() - n * interval '1 second', 'ran', null from generate_series(1, :rows) as n;
analyze;
"""

# As src/store/indexes.rs names them.
INDEXES = ("run_queued", "run_unended", "run_by_trigger", "audit_of_run")
VALID = (
    "select count(*) from pg_index join pg_class on pg_class.oid = indexrelid "
    f"where relname in {INDEXES} and indisvalid and relnamespace = 'windlass'::regnamespace"
)


def migrations(server: Server, rows: int) -> dict:
    """Seconds of each migration with so many runs, attempts and due times."""
    folder = Path(__file__).resolve().parents[3] / "migrations"
    files = sorted(folder.glob("V*.sql"), key=lambda path: int(path.name[1:].split("__")[0]))
    server.run("postgres", "create database migrations")

    def psql(text: str) -> None:
        line = [server.bin / "psql", "-q", "-X", "-v", "ON_ERROR_STOP=1", "-v", f"rows={rows}", server.address("migrations")]
        subprocess.run(line, input=text, text=True, check=True, stdout=subprocess.DEVNULL)

    figures = {}
    for file in files:
        began = time.monotonic()
        psql(("create schema windlass;\n" if file is files[0] else "") + "begin;\n" + file.read_text() + "\ncommit;")
        figures[f"s, {file.stem}"] = time.monotonic() - began
        if file is files[0]:
            psql(FILL)
    server.run("postgres", "drop database migrations")
    return figures


def indexes(installation: Installation, rows: int) -> dict:
    """Seconds until a daemon has built the indexes of so many runs, and the longest that a job of every second waited."""
    installation.start()
    installation.stop()
    installation.ask(FILL.replace(":rows", str(rows)))
    # As V5 has left it.
    installation.ask("create index run_open on windlass.run (queued_at, id) where state in ('queued', 'waiting')")
    for index in INDEXES:
        installation.ask(f"drop index windlass.{index}")
    began = time.monotonic()
    installation.start()
    installation.wait(VALID, str(len(INDEXES)), 3600)
    took = time.monotonic() - began
    longest = (
        "select coalesce(extract(epoch from max(run.started_at - run.scheduled_for)) * 1000, -1) from windlass.run "
        "join windlass.firing on firing.run = run.id where run.job = 'often'"
    )
    return {"s until all are built": took, "ms from due to first attempt meanwhile, at most": float(installation.ask(longest))}
