"""One reader in a process of its own: opens a replica, asks it, closes it, again and again.

Arguments: the replica, how often, `name` or `manifest`. With `manifest` every other look goes to the file that the manifest
names. The manifest changes last: the name must never lead to something older than any look before, the manifest to nothing
older than its own looks before. Says what it has counted after every few opens, as a line of JSON.
"""

import json
import os
import sys

import duckdb
from ledger import WHOLE, WRONG

EVERY = 20
# How often to look at the manifest again when the generation that it named is gone by the time it is opened.
LOOKS = 3


def opened(replica: str, by_manifest: bool) -> duckdb.DuckDBPyConnection:
    for number in range(1, LOOKS + 1):
        path = replica
        if by_manifest:
            with open(f"{replica}.json", encoding="utf-8") as manifest:
                path = os.path.join(os.path.dirname(replica), json.load(manifest)["file"])
        try:
            return duckdb.connect(path, read_only=True, config={"threads": 1})
        except duckdb.Error:
            if number == LOOKS or os.path.exists(path):
                raise


def look(replica: str, by_manifest: bool, newest: int, counted: dict) -> int:
    """One open, which must find nothing older than `newest`; returns the generation that it found, or `newest`."""
    counted["opens"] += 1
    try:
        session = opened(replica, by_manifest)
    except (duckdb.Error, OSError, ValueError) as error:
        counted["failed_opens"] += 1
        counted["said"] = str(error)
        return newest
    try:
        number, agrees = session.execute(WHOLE).fetchone()
        wrong, shortest = session.execute(WRONG).fetchone()
    except duckdb.Error as error:
        counted["failed_queries"] += 1
        counted["said"] = str(error)
        return newest
    finally:
        session.close()
    if not agrees or wrong or shortest != 32:
        counted["inconsistent"] += 1
        counted["said"] = f"generation {number}: {wrong} accounts are wrong, agrees: {agrees}"
    elif number < newest:
        counted["inconsistent"] += 1
        counted["said"] = f"generation {number} after {newest}"
    elif number > newest:
        counted["generations"] += 1
    return max(newest, number)


def main() -> None:
    replica, opens, by_manifest = sys.argv[1], int(sys.argv[2]), sys.argv[3] == "manifest"
    counted = {"opens": 0, "failed_opens": 0, "failed_queries": 0, "inconsistent": 0, "generations": 0, "said": None}
    newest = {True: 0, False: 0}
    for number in range(1, opens + 1):
        way = by_manifest and number % 2 == 0
        newest[way] = look(replica, way, newest[True] if way else max(newest.values()), counted)
        if number % EVERY == 0 or number == opens:
            print(json.dumps(counted), flush=True)
            counted["said"] = None


if __name__ == "__main__":
    main()
