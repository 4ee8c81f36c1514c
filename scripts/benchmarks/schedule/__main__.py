"""Builds benches/schedule.rs and has it measure Windlass' planner and `tokio-cron-scheduler`."""

import argparse
import subprocess
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))

from program import machine
from server import Server, programs


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench-schedule")
    parser.add_argument("--jobs", type=int, default=10_000)
    parser.add_argument("--together", type=int, default=1_000, help="jobs due in the same second")
    parser.add_argument("--seconds", type=int, default=60, help="over which the others are spread")
    parser.add_argument("--only", default="ours,theirs")
    parser.add_argument("--profile", default="bench", help="Cargo's profile; `dev` builds sooner and measures nothing")
    parser.add_argument("--postgres", help="folder of PostgreSQL's programs")
    options = parser.parse_args()
    numbers = [str(number) for number in (options.jobs, options.together, options.seconds)]
    bench = ["cargo", "bench", "--quiet", "--locked", "--profile", options.profile, "--bench", "schedule"]
    subprocess.run([*bench, "--no-run"], check=True)
    print(machine())
    if "ours" in options.only:
        with Server(programs(options.postgres), track_commit_timestamp="on") as server:
            print(f"PostgreSQL {server.version()}")
            subprocess.run([*bench, "--", "ours", server.address("state"), *numbers], check=True)
    if "theirs" in options.only:
        subprocess.run([*bench, "--", "theirs", *numbers], check=True)
        # As `JobScheduler::new()` makes it.
        subprocess.run([*bench, "--", "theirs", *numbers, "200"], check=True)


if __name__ == "__main__":
    main()
