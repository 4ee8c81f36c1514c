"""A PostgreSQL of the benchmark's own, with its data."""

import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path

import psycopg

SETTINGS = {
    "max_worker_processes": 16,
    "max_parallel_workers": 8,
    "max_connections": 100,
    "shared_buffers": "'512MB'",
    "max_wal_size": "'8GB'",
    "checkpoint_timeout": "'1h'",
    "autovacuum": "off",
    "listen_addresses": "''",
}

# `pages` has one row a page, so that scanning processes share them evenly; contending sessions sleep over it.
DATA = """
    create table orders as
    select n as id, n % 1000 as customer, (n::bigint * 7919 % 1000000)::int as buyer,
           (n::bigint * 37 % 1000000)::numeric / 100 as amount, md5(n::text) as note
    from generate_series(1, {rows}) as n;
    create table pages (id int, pad text);
    alter table pages alter pad set storage plain;
    alter table pages set (parallel_workers = 8);
    insert into pages select n, repeat('x', 7000) from generate_series(1, 64) as n;
    create function net(numeric) returns numeric language plpgsql as 'begin return $1 / 1.1; end';
    create role looker login;
    alter role looker set seq_page_cost = 0;
    grant select on all tables in schema public to looker;
    grant create on schema public to looker;
    create database state;
"""


def programs(wanted: str | None) -> Path:
    """The folder of PostgreSQL's programs: the one named, else the newest that Debian has installed."""
    if wanted:
        return Path(wanted)
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if found:
        return found[-1].parent
    on_path = shutil.which("initdb")
    if on_path is None:
        raise SystemExit("bench-ctas: error: no PostgreSQL server programs; name their folder with --postgres")
    return Path(on_path).resolve().parent


class Server:
    """Started on entry, ended and removed on exit."""

    def __init__(self, bin_folder: Path, rows: int):
        self.bin, self.rows = bin_folder, rows
        self.folder = Path(tempfile.mkdtemp(prefix="windlass-bench-"))
        self.folder.chmod(0o755)
        self.data = self.folder / "data"
        self.url = f"postgresql://postgres@/postgres?host={self.folder}"
        # PostgreSQL does not run as root.
        self.as_user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        if self.as_user:
            account = pwd.getpwnam("postgres")
            os.chown(self.folder, account.pw_uid, account.pw_gid)

    def address(self, database: str = "postgres", user: str = "postgres") -> str:
        """As Windlass wants it: the folder of the socket as a percent-encoded host."""
        return f"postgres://{user}@{str(self.folder).replace('/', '%2F')}/{database}"

    def call(self, program: str, *arguments: str) -> None:
        command = [*self.as_user, str(self.bin / program), *arguments]
        subprocess.run(command, check=True, cwd=self.folder, stdout=subprocess.DEVNULL)

    def __enter__(self) -> "Server":
        self.call("initdb", "-D", str(self.data), "-U", "postgres", "--auth=trust", "--no-sync")
        lines = [f"{name} = {value}" for name, value in SETTINGS.items()]
        lines.append(f"unix_socket_directories = '{self.folder}'")
        with open(self.data / "postgresql.conf", "a", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")
        self.call("pg_ctl", "-D", str(self.data), "-w", "-l", str(self.folder / "log"), "start")
        with self.connect() as session:
            for statement in DATA.format(rows=self.rows).split(";\n"):
                session.execute(statement)
            session.execute("vacuum analyze")
            session.execute("checkpoint")
        return self

    def __exit__(self, *_: object) -> None:
        self.call("pg_ctl", "-D", str(self.data), "-w", "-m", "immediate", "stop")
        shutil.rmtree(self.folder, ignore_errors=True)

    def connect(self) -> psycopg.Connection:
        return psycopg.connect(self.url, autocommit=True)

    def version(self) -> str:
        with self.connect() as session:
            return session.execute("show server_version").fetchone()[0]
