"""Sessions that run parallel queries at random: always the same ones for the same seed."""

import random
import threading

import psycopg

# Slots are held, not the processor: what is measured is the wait for slots.
QUERY = "select count(*) from pages where pg_sleep({seconds}) is not null"
SETTINGS = (
    "set seq_page_cost = 0; set parallel_setup_cost = 0; set parallel_tuple_cost = 0; set min_parallel_table_scan_size = 0"
)
PAGES = 64


class Contention:
    """A number of sessions, each with chance of its own, between entry and exit."""

    def __init__(self, url: str, seed: int, sessions: int = 3):
        self.url, self.stopped = url, threading.Event()
        make = lambda number: threading.Thread(target=self.work, args=(random.Random(f"{seed}/{number}"),))
        self.threads = [make(number) for number in range(sessions)]
        self.sessions: list[psycopg.Connection] = []

    def work(self, chance: random.Random) -> None:
        with psycopg.connect(self.url, autocommit=True) as session:
            session.execute(SETTINGS)
            self.sessions.append(session)
            while not self.stopped.wait(chance.uniform(0.0, 0.6)):
                workers = chance.randint(1, 4)
                seconds = chance.uniform(0.5, 3.0)
                session.execute(f"set max_parallel_workers_per_gather = {workers}")
                each = seconds * (workers + 1) / PAGES
                try:
                    session.execute(QUERY.format(seconds=f"{each:.4f}"))
                except psycopg.errors.QueryCanceled:
                    return

    def __enter__(self) -> "Contention":
        for thread in self.threads:
            thread.start()
        # Until they are in the middle of it.
        self.stopped.wait(2.0)
        return self

    def __exit__(self, *_: object) -> None:
        self.stopped.set()
        while any(thread.is_alive() for thread in self.threads):
            for session in self.sessions:
                if not session.closed:
                    session.cancel()
            for thread in self.threads:
                thread.join(0.2)


class Holder:
    """A session that holds a number of slots between entry and exit."""

    def __init__(self, url: str, workers: int):
        self.url, self.workers = url, workers

    def __enter__(self) -> "Holder":
        self.session = psycopg.connect(self.url, autocommit=True)
        self.session.execute(f"{SETTINGS}; set max_parallel_workers_per_gather = {self.workers}")
        self.thread = threading.Thread(target=self.hold)
        self.thread.start()
        count = "select count(*) from pg_stat_activity where leader_pid = %s"
        with psycopg.connect(self.url, autocommit=True) as observer:
            while observer.execute(count, (self.session.info.backend_pid,)).fetchone()[0] < self.workers:
                pass
        return self

    def hold(self) -> None:
        try:
            self.session.execute(QUERY.format(seconds=600))
        except psycopg.errors.QueryCanceled:
            pass

    def __exit__(self, *_: object) -> None:
        self.session.cancel()
        self.thread.join()
        self.session.close()
