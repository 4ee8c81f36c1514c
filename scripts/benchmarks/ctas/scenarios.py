"""What is measured. Each scenario makes one round at a time, for each of the ways that it compares."""

from collections.abc import Callable
from dataclasses import dataclass
import time

from contention import Contention, Holder
from data import Data
from tools import Windlass, baseline, outcome

# Enough work for a look after a second; planned with four workers by default costs.
BUSY = "select customer, count(*) as orders, sum(amount) as total, max(md5(note || amount)) as mark from orders group by customer"
# So many groups that default costs plan it in one process.
SERIAL = "select buyer, count(*) as orders, sum(amount) as total from orders group by buyer"
# Calls a function that nobody marked parallel safe.
NEVER = "select customer, sum(net(amount)) as net, max(md5(note)) as mark from orders group by customer"
# Little work a row, so that counting rows weighs most.
LIGHT = "select id, customer, amount from orders where buyer < 900000"
# Holds its workers for four seconds, whatever the machine.
ASLEEP = "select id from pages where pg_sleep(0.3) is not null"


@dataclass(frozen=True)
class Scenario:
    """A name, what it is, the ways that it compares, and how many rounds it needs (a share of those asked for)."""

    name: str
    title: str
    ways: dict[str, Callable[[int], dict]]
    share: float = 1.0


def scenarios(server: Data, windlass: Windlass) -> list[Scenario]:
    url = server.url

    def contended(way: Callable[[], dict]) -> Callable[[int], dict]:
        def measure(round_number: int) -> dict:
            with Contention(url, seed=round_number):
                return way()
        return measure

    def alone(way: Callable[[], dict]) -> Callable[[int], dict]:
        return lambda _: way()

    def held(way: Callable[[], dict]) -> Callable[[int], dict]:
        def measure(_: int) -> dict:
            with Holder(url, 5):
                return way()
        return measure

    def statement(prefix: str, query: str) -> Callable[[int], dict]:
        def measure(_: int) -> dict:
            with server.connect() as session:
                session.execute("set max_parallel_workers_per_gather = 4; set parallel_tuple_cost = 0")
                started = time.monotonic()
                session.execute(f"{prefix}create table result as {query}")
                return outcome(ok=True, seconds=time.monotonic() - started)
        return measure

    exact = "explain (analyze, timing off, buffers off, format json) "
    two = {"attempts": 2, "minimum": 3, "retry_delay": "1ms"}
    field = {**two, "first_look": "1s", "look_every": "500ms"}
    compared = {
        "busy": ("Three sessions run parallel queries at random", BUSY, contended, 1.0),
        "serial": ("A group by that default costs plan in one process, nobody else there", SERIAL, alone, 0.2),
        "never": ("A query that can't be parallel", NEVER, alone, 0.2),
    }
    made = [
        Scenario(
            name, title,
            {"windlass": within(lambda query=query: windlass.run(query)),
             "baseline": within(lambda query=query: baseline(server, query))},
            share,
        )
        for name, (title, query, within, share) in compared.items()
    ]
    made += [
        Scenario(
            "looks", "A shortfall (3 of 4), found by looking",
            {"20 ms, then up to 200 ms": held(lambda: windlass.run(ASLEEP, two, "plain")),
             "1 s, then 500 ms": held(lambda: windlass.run(ASLEEP, field, "plain"))},
            0.35,
        ),
        Scenario("exact-light", "Exact count: rows passed on", {"exact": statement(exact, LIGHT), "plain": statement("", LIGHT)}, 0.5),
        Scenario("exact-grouped", "Exact count: rows grouped", {"exact": statement(exact, SERIAL), "plain": statement("", SERIAL)}, 0.5),
    ]
    return made
