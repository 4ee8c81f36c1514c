"""A PostgreSQL of the benchmark's own: a source and a target database for each set of data."""

import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path

SETTINGS = {
    "max_connections": 60,
    "shared_buffers": "'1GB'",
    "max_wal_size": "'16GB'",
    "checkpoint_timeout": "'1h'",
    "autovacuum": "off",
    "listen_addresses": "''",
}

WIDE = """
    create table wide as
    select n::bigint as id, '고객 ' || n as customer, (n % 1000)::int as region, md5(n::text) as code,
           (n * 1.37)::numeric(12,2) as amount, timestamptz '2026-01-01 00:00+09' + n * interval '1 second' as at,
           case when n % 3 > 0 then '설명 텍스트 ' || n end as note, n % 2 = 0 as ok, (n * 0.5)::float8 as score,
           case when n % 5 > 0 then date '2020-01-01' + n % 2000 end as day
    from generate_series(1, {rows}) as n;
"""

NARROW = "create table narrow as select n as id, n % 97 as k from generate_series(1, {rows}) as n;"

MANY = """
    do $$ begin
      for t in 1..500 loop
        execute format('create table small_%s as select n as id, md5(n::text) as code, now() as at, ''값 '' || n as note
                        from generate_series(1, 1000) as n', t);
      end loop;
    end $$;
"""

MAKE = {"wide": WIDE, "narrow": NARROW, "many": MANY}


def programs(wanted: str | None) -> Path:
    """The folder of PostgreSQL's programs: the one named, else the newest that Debian has installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if wanted:
        return Path(wanted)
    if not found:
        raise SystemExit("bench-copy: error: no PostgreSQL server programs; name their folder with --postgres")
    return found[-1].parent


class Server:
    """Started on entry, ended and removed on exit."""

    def __init__(self, bin_folder: Path):
        self.bin = bin_folder
        self.folder = Path(tempfile.mkdtemp(prefix="windlass-bench-"))
        self.folder.chmod(0o755)
        # PostgreSQL does not run as root.
        self.as_user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        if self.as_user:
            account = pwd.getpwnam("postgres")
            os.chown(self.folder, account.pw_uid, account.pw_gid)

    def address(self, database: str) -> str:
        return f"postgres://postgres@{str(self.folder).replace('/', '%2F')}/{database}"

    def call(self, program: str, *arguments: str) -> None:
        command = [*self.as_user, str(self.bin / program), *arguments]
        subprocess.run(command, check=True, cwd=self.folder, stdout=subprocess.DEVNULL)

    def __enter__(self) -> "Server":
        data = str(self.folder / "data")
        self.call("initdb", "-D", data, "-U", "postgres", "--auth=trust", "--no-sync", "--encoding=UTF8", "--locale=C.UTF-8")
        lines = [f"{name} = {value}" for name, value in SETTINGS.items()]
        lines.append(f"unix_socket_directories = '{self.folder}'")
        with open(self.folder / "data" / "postgresql.conf", "a", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")
        self.call("pg_ctl", "-D", data, "-w", "-l", str(self.folder / "log"), "start")
        self.run("postgres", "create database state")
        return self

    def __exit__(self, *_: object) -> None:
        self.call("pg_ctl", "-D", str(self.folder / "data"), "-w", "-m", "immediate", "stop")
        shutil.rmtree(self.folder, ignore_errors=True)

    def run(self, database: str, *statements: str) -> str:
        commands = [f"--command={statement}" for statement in statements]
        command = ["psql", "--no-psqlrc", "-qAt", "--set=ON_ERROR_STOP=1", f"--dbname={self.address(database)}", *commands]
        return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()

    def prepare(self, name: str, rows: int) -> list[str]:
        """Makes a set of data and the empty tables that it goes to; returns the tables."""
        for side in ("source", "target"):
            self.run("postgres", f"create database {side}_{name}")
        self.run(f"source_{name}", MAKE[name].format(rows=rows))
        self.run(f"source_{name}", "vacuum analyze")
        tables = self.run(f"source_{name}", "select relname from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace order by oid")
        dump = subprocess.run(
            [str(self.bin / "pg_dump"), "--schema-only", "--no-owner", self.address(f"source_{name}")],
            check=True, stdout=subprocess.PIPE,
        ).stdout
        command = ["psql", "--no-psqlrc", "-q", f"--dbname={self.address(f'target_{name}')}"]
        subprocess.run(command, check=True, input=dump, stdout=subprocess.DEVNULL)
        return tables.split()
