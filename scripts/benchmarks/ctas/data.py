"""The data, on a server of the benchmark's own."""

from pathlib import Path

import psycopg
from server import Server

SETTINGS = {
    "max_worker_processes": 16,
    "max_parallel_workers": 8,
    "max_connections": 100,
    "shared_buffers": "'512MB'",
    "max_wal_size": "'8GB'",
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
"""


class Data(Server):
    """The server with the table that is read."""

    def __init__(self, bin_folder: Path, rows: int):
        super().__init__(bin_folder, **SETTINGS)
        self.rows = rows
        self.url = f"postgresql://postgres@/postgres?host={self.folder}"

    def __enter__(self) -> "Data":
        super().__enter__()
        with self.connect() as session:
            for statement in DATA.format(rows=self.rows).split(";\n"):
                session.execute(statement)
            session.execute("vacuum analyze")
            session.execute("checkpoint")
        return self

    def connect(self) -> psycopg.Connection:
        return psycopg.connect(self.url, autocommit=True)
