#!/usr/bin/env python3
"""Publishes a DuckDB file by copying it to a `.tmp` beside the replica and renaming that over the replica.

Arguments: the master, the replica. The last line is a JSON object.
"""

import json
import os
import shutil
import sys
import time

master, replica = sys.argv[1:]
fresh = f"{replica}.tmp"
started = time.monotonic()
try:
    shutil.copy2(master, fresh)
    os.replace(fresh, replica)
finally:
    if os.path.exists(fresh):
        os.remove(fresh)
print(json.dumps({"seconds": time.monotonic() - started, "bytes": os.path.getsize(replica)}))
