#!/usr/bin/env python3
"""Makes a DuckDB file of a PostgreSQL table by `COPY … TO STDOUT (format csv)`, piped into DuckDB's `read_csv`.

Arguments: address of the server, the table, the file. Needs duckdb. The last line is a JSON object.
"""

import json
import os
import subprocess
import sys
import time

import duckdb

address, table, path = sys.argv[1:]
fresh = f"{path}.tmp"
started = time.monotonic()
command = ["psql", "--no-psqlrc", "--quiet", f"--dbname={address}", f"--command=copy {table} to stdout (format csv, header)"]
with subprocess.Popen(command, stdout=subprocess.PIPE) as export:
    session = duckdb.connect(fresh)
    session.execute(f"create table {table} as from read_csv('/dev/fd/{export.stdout.fileno()}', header = true)")
    rows = session.execute(f"select count(*) from {table}").fetchone()[0]
    session.close()
if export.returncode:
    raise SystemExit(export.returncode)
os.replace(fresh, path)
print(json.dumps({"seconds": time.monotonic() - started, "rows": rows, "bytes": os.path.getsize(path)}))
