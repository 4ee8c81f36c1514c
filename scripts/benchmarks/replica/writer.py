"""The batch writer of the field: opens the master, commits a few times, closes it, again and again.

Arguments: the master. Ends when its standard input does.
"""

import sys
import threading

import duckdb
from ledger import NEXT

COMMITS = 5


def main() -> None:
    told = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), told.set()), daemon=True).start()
    while not told.is_set():
        with duckdb.connect(sys.argv[1]) as session:
            for _ in range(COMMITS):
                session.execute(f"begin; {NEXT} commit")


if __name__ == "__main__":
    main()
