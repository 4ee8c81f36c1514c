"""One reader in a process of its own: opens a replica, asks it, closes it, again and again.

Arguments: the replica, how often. Says what it has counted after every few opens, as a line of JSON.
"""

import json
import sys

import duckdb
from ledger import WHOLE, WRONG

EVERY = 20


def look(path: str, newest: int, counted: dict) -> int:
    """One open; returns the newest generation seen."""
    counted["opens"] += 1
    try:
        session = duckdb.connect(path, read_only=True, config={"threads": 1})
    except duckdb.Error as error:
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
    path, opens = sys.argv[1], int(sys.argv[2])
    counted = {"opens": 0, "failed_opens": 0, "failed_queries": 0, "inconsistent": 0, "generations": 0, "said": None}
    newest = 0
    for number in range(1, opens + 1):
        newest = look(path, newest, counted)
        if number % EVERY == 0 or number == opens:
            print(json.dumps(counted), flush=True)
            counted["said"] = None


if __name__ == "__main__":
    main()
