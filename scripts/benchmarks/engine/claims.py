"""From a due time to its run's first attempt and its end, with many jobs, of which some are due in one second."""

import time
from datetime import datetime, timedelta, timezone

from daemon import Installation
from scenarios import NOTHING


def jobs(count: int, together: int, seconds: int, lead: int) -> tuple[dict[str, dict], datetime]:
    """Jobs that are each due once: the spread ones over so many seconds, `lead` seconds from now, the others after them."""
    start = datetime.now(timezone.utc).replace(microsecond=0) + timedelta(seconds=lead)
    found = {}
    for number in range(count):
        spread = number < count - together
        at = start + timedelta(seconds=number * seconds // (count - together) if spread else seconds + 5)
        cron = f"{at.second} {at.minute} {at.hour} {at.day} {at.month} *"
        found[f"{'spread' if spread else 'together'}-{number:05}"] = {"schedule": {"cron": cron}, "steps": [{"id": "only", **NOTHING}]}
    return found, start + timedelta(seconds=seconds + 5)


def claims(installation: Installation, last: datetime, count: int) -> dict:
    """Milliseconds from due times to the ledger, to the first attempts and to the ends."""
    ready = datetime.now(timezone.utc)
    time.sleep(max(0.0, (last - ready).total_seconds()))
    installation.wait("select count(*) from windlass.run where ended_at is not null", str(count), 300)
    figures = {"s left when all jobs were loaded": (last - ready).total_seconds()}
    for group in ("spread", "together"):
        for what, at in (("ledger", "firing.noticed_at"), ("first attempt", "run.started_at"), ("end", "run.ended_at")):
            for name, percentile in (("p50", 0.5), ("p99", 0.99), ("last", 1)):
                found = installation.ask(
                    f"select extract(epoch from percentile_disc({percentile}) within group (order by {at} - run.scheduled_for)) * 1000 "
                    f"from windlass.run join windlass.firing on firing.run = run.id where run.job like '{group}-%'"
                )
                figures[f"{group}: ms to the {what}, {name}"] = float(found)
    return figures
