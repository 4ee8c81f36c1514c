"""Reads a replica that is published anew now and then.

A program that runs for long makes one `Replica` and asks it. Each answer comes from the newest generation that could be
read, and an answer that can't be had is the last good one, marked as such:

    replica = Replica("/data/duckdb/stock_data_replica.db")
    answer = replica.ask("select symbol, price from prices")
    print(answer.generation, answer.fresh, answer.rows)

Called as a program, it asks one question whenever a new generation is there: `replica.py REPLICA QUERY`.
"""

import json
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import duckdb


@dataclass(frozen=True)
class Answer:
    """Rows, the generation that they come from, and whether that is what the replica holds now."""

    rows: list[tuple]
    generation: int
    fresh: bool


class Replica:
    """A replica, opened anew when its manifest names another generation. Not to be shared by threads."""

    def __init__(self, path: str | Path):
        self.path = Path(path)
        self.manifest = Path(f"{path}.json")
        self.session: duckdb.DuckDBPyConnection | None = None
        self.generation = 0
        self.file: Path | None = None
        self.last: dict[str, Answer] = {}
        self.trouble: Exception | None = None

    def ask(self, query: str) -> Answer:
        """The newest answer, else the last good one; raises if there never was one."""
        try:
            self.open_newest()
            answer = Answer(self.session.execute(query).fetchall(), self.generation, fresh=self.trouble is None)
            self.last[query] = answer
            return answer
        except duckdb.Error as error:
            self.trouble = error
            if query not in self.last:
                raise
            return Answer(self.last[query].rows, self.last[query].generation, fresh=False)

    def open_newest(self) -> None:
        """Goes over to the generation that the manifest names. What was open stays open if that can't be done."""
        self.trouble = None
        # A generation may be removed between the look at the manifest and the opening; then the manifest names another.
        for _ in range(3):
            try:
                told = json.loads(self.manifest.read_text(encoding="utf-8"))
                if self.session is None or told["generation"] != self.generation:
                    self.go_to(told["generation"], self.manifest.parent / told["file"])
                return
            except (OSError, ValueError, KeyError, duckdb.Error) as error:
                self.trouble = error
        if self.session is None:
            raise duckdb.IOException(f"{self.path} can't be read: {self.trouble}")

    def go_to(self, generation: int, file: Path) -> None:
        # DuckDB for Python opens a path once in a process: as long as a connection to it is open, another one sees the
        # same file, also when the path has become another file. Generations have paths of their own; where the replica's
        # file system has no hard links there are none, and the old file must be closed first.
        if file == self.file:
            self.close()
        session = duckdb.connect(str(file), read_only=True)
        self.close()
        self.session, self.generation, self.file = session, generation, file

    def close(self) -> None:
        if self.session is not None:
            self.session.close()
        self.session = None


def main() -> None:
    replica, query, seen = Replica(sys.argv[1]), sys.argv[2], 0
    while True:
        answer = replica.ask(query)
        if answer.generation != seen:
            print(f"generation {answer.generation}: {answer.rows}", flush=True)
            seen = answer.generation
        time.sleep(1)


if __name__ == "__main__":
    main()
