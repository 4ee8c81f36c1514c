#!/usr/bin/env python3
"""Copies a table by holding all of it in memory: export with one psql, then import with another.

Arguments: address of the source, address of the target, the table.
"""

import subprocess
import sys


def psql(address: str, statement: str, **pipes: object) -> bytes:
    command = ["psql", "--no-psqlrc", "--quiet", f"--dbname={address}", f"--command={statement}"]
    return subprocess.run(command, check=True, **pipes).stdout


source, target, table = sys.argv[1:]
psql(target, f"truncate {table}")
everything = psql(source, f"copy {table} to stdout", stdout=subprocess.PIPE)
psql(target, f"copy {table} from stdin", input=everything)
