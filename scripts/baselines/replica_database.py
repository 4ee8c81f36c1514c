#!/usr/bin/env python3
"""Publishes a DuckDB file by DuckDB's own `COPY FROM DATABASE` into a `.tmp` beside the replica and a rename.

Arguments: the master, the replica. Needs duckdb. The last line is a JSON object.
"""

import json
import os
import sys
import time

import duckdb

master, replica = sys.argv[1:]
fresh = f"{replica}.tmp"
started = time.monotonic()
session = duckdb.connect()
session.execute(f"attach '{master}' as master (read_only)")
session.execute(f"attach '{fresh}' as fresh (storage_version 'v1.4.0')")
session.execute("copy from database master to fresh")
session.execute("checkpoint fresh")
session.execute("detach fresh")
session.close()
os.replace(fresh, replica)
print(json.dumps({"seconds": time.monotonic() - started, "bytes": os.path.getsize(replica)}))
