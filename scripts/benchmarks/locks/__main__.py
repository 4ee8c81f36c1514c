"""Starts a PostgreSQL for the benchmark of locks and runs it."""

import argparse
import subprocess
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))

from program import machine
from server import Server, programs


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--postgres", help="folder of PostgreSQL's programs")
    parser.add_argument("--waiters", type=int, default=1000)
    parser.add_argument("--daemons", type=int, default=2)
    parser.add_argument("--dev", action="store_true", help="without optimisation: quick to build, for a first look")
    arguments = parser.parse_args()
    profile = ["--profile", "dev"] if arguments.dev else []
    with Server(programs(arguments.postgres)) as server:
        print(f"{machine()}, PostgreSQL {server.version()}", flush=True)
        numbers = [str(arguments.waiters), str(arguments.daemons)]
        command = ["cargo", "bench", "--locked", *profile, "--bench", "locks", "--", server.address("state"), *numbers]
        raise SystemExit(subprocess.run(command).returncode)


main()
