"""What each migration takes where there are many runs already."""

import subprocess
import time
from pathlib import Path

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
