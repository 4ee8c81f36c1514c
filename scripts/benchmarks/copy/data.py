"""A source and a target database for each set of data, on a server of the benchmark's own."""

import subprocess
from pathlib import Path

from server import Server
from wide import WIDE

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


class Data(Server):
    """The server with the sets of data."""

    def __init__(self, bin_folder: Path):
        super().__init__(bin_folder, max_connections=60, shared_buffers="'1GB'", max_wal_size="'16GB'")

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
