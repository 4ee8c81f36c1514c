"""Makes a master file of a wanted size: freshly written, or after most of its rows were deleted.

Arguments: the file, megabytes, `fresh` or `deleted`. Says what the file is. A process of its own, as all that loads
DuckDB: what a command's memory is measured to be is at least that of the process that starts it.
"""

import sys
import tempfile
from pathlib import Path

import duckdb

# Rows of one day, and of the file that tells how large a row is.
DAY = 250_000
# Of a file with deletes, the oldest so many hundredths of the days are gone, and a tenth of the other rows.
GONE = 60

TABLE = """
    create table prices as
    select range // {day} as day, range as id, 'A' || (range % 3000) as symbol, (random() * 100000)::decimal(12, 2) as price,
           (random() * 1000000)::bigint as volume, timestamp '2026-01-01' + range * interval '1 second' as traded_at,
           md5(random()::varchar) as note
    from range({rows})
"""


def make(path: Path, megabytes: int, deleted: bool) -> str:
    """Makes a file and says what it is."""
    with tempfile.TemporaryDirectory() as folder:
        probe = Path(folder) / "probe.db"
        with opened(probe) as session:
            session.execute(TABLE.format(rows=DAY, day=DAY))
        size = probe.stat().st_size
    with opened(path) as session:
        session.execute(TABLE.format(rows=megabytes * 1_000_000 * DAY // size, day=DAY))
        if deleted:
            session.execute("checkpoint")
            session.execute(f"delete from prices where day < (select max(day) from prices) * {GONE} // 100 or hash(id) % 10 = 0")
        session.execute("checkpoint")
        rows = session.execute("select count(*) from prices").fetchone()[0]
        free, total = session.execute(
            "select free_blocks, total_blocks from pragma_database_size() where database_name = 'master'"
        ).fetchone()
    return f"{path.stat().st_size / 1e6:.0f} MB, {rows} rows, {free} of {total} blocks free"


def opened(path: Path) -> duckdb.DuckDBPyConnection:
    session = duckdb.connect()
    session.execute(f"attach '{path}' as master (storage_version 'v1.4.0')")
    session.execute("use master")
    return session


if __name__ == "__main__":
    print(make(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3] == "deleted"))
