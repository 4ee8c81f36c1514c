#!/usr/bin/env python3
"""Brings an answer of an HTTP server into a table of a DuckDB file: `requests` writes the body to a file, DuckDB reads it.

Arguments: the address, json or csv, the DuckDB file. Needs requests and duckdb. The last line is a JSON object.
"""

import json
import os
import sys
import tempfile
import time

import duckdb
import requests

address, form, path = sys.argv[1:]
started = time.monotonic()
with tempfile.NamedTemporaryFile(suffix=f".{form}") as body:
    with requests.get(address, stream=True, timeout=600) as answer:
        answer.raise_for_status()
        for piece in answer.iter_content(1 << 20):
            body.write(piece)
    body.flush()
    fetched = time.monotonic()
    reader = "read_csv" if form == "csv" else "read_json"
    options = ", sample_size = -1" if form == "csv" else ", maximum_object_size = 1073741824"
    session = duckdb.connect(path)
    session.execute(f"create or replace table data as from {reader}('{body.name}'{options})")
    rows = session.execute("select count(*) from data").fetchone()[0]
    session.close()
print(json.dumps({"seconds": time.monotonic() - started, "fetched": fetched - started, "rows": rows, "bytes": os.path.getsize(path)}))
