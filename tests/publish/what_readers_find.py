"""What docs/READERS.md says about sessions of one process, and about those that want to write.

Argument: the replica, whose table `t` holds the numbers of all generations. Says `publish` when it wants the next one to be
published and goes on when it hears that it was; says `done` in the end.
"""

import json
import os
import sys
from pathlib import Path

import duckdb

REPLICA = sys.argv[1]


def publish() -> None:
    print("publish", flush=True)
    sys.stdin.readline()


def own_file() -> str:
    """The newest generation's own file."""
    told = json.loads(Path(f"{REPLICA}.json").read_text(encoding="utf-8"))
    return str(Path(REPLICA).parent / told["file"])


def connect(path: str = REPLICA, **more: object) -> duckdb.DuckDBPyConnection:
    return duckdb.connect(path, read_only=True, **more)


def seen(session: duckdb.DuckDBPyConnection, database: str = "") -> int:
    return session.execute(f"select max(id) from {database}t").fetchone()[0]


def refused(words: str, call) -> None:
    try:
        call()
    except duckdb.Error as error:
        assert words in str(error), error
    else:
        raise AssertionError(f"not refused: {words}")


def who_wants_to_write_is_refused() -> None:
    child = os.fork()
    if child == 0:
        if os.geteuid() == 0:
            os.setgid(65534)
            os.setuid(65534)
        refused("Permission denied", lambda: duckdb.connect(REPLICA))
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    refused("read-only", lambda: connect().execute("insert into t values (0)"))
    connect().execute("create temp table mine as from t")


def a_path_is_opened_once_in_a_process() -> None:
    old = connect()
    publish()
    for again in (connect(), old.cursor()):
        assert seen(again) == 1
        again.close()
    newer = connect(own_file())
    assert (seen(newer), seen(old)) == (2, 1)
    newer.close()
    refused("different configuration", lambda: connect(config={"threads": 1}))
    refused("different configuration", lambda: duckdb.connect(REPLICA))
    old.close()
    assert seen(connect()) == 2


def attaching() -> None:
    session = duckdb.connect()
    session.execute(f"attach '{REPLICA}' as stock (read_only)")
    publish()
    assert seen(session, "stock.") == 2
    session.execute(f"attach '{REPLICA}' as newer (read_only)")
    assert (seen(session, "newer."), seen(session, "stock.")) == (3, 2)
    session.execute("detach newer")
    session.execute(f"attach or replace '{REPLICA}' as stock (read_only)")
    assert seen(session, "stock.") == 2
    session.execute(f"attach or replace '{own_file()}' as stock (read_only)")
    assert seen(session, "stock.") == 3
    publish()
    session.execute("detach stock")
    session.execute(f"attach '{REPLICA}' as stock (read_only)")
    assert seen(session, "stock.") == 4


who_wants_to_write_is_refused()
a_path_is_opened_once_in_a_process()
attaching()
print("done", flush=True)
