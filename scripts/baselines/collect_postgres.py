#!/usr/bin/env python3
"""Brings CSV of an HTTP server into a table of PostgreSQL: `requests` streams, `psycopg` copies.

Arguments: the address, the database's. Needs requests and psycopg; the table `data` is there. The last line is a JSON object.
"""

import json
import sys
import time

import psycopg
import requests

address, database = sys.argv[1:]
started = time.monotonic()
with requests.get(address, stream=True, timeout=600) as answer, psycopg.connect(database) as session:
    answer.raise_for_status()
    session.execute("truncate data")
    with session.cursor().copy("copy data from stdin (format csv, header)") as copy:
        for piece in answer.iter_content(1 << 20):
            copy.write(piece)
    rows = session.execute("select count(*) from data").fetchone()[0]
print(json.dumps({"seconds": time.monotonic() - started, "rows": rows}))
