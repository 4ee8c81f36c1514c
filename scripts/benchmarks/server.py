"""A PostgreSQL of a benchmark's own, which goes with it."""

import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path

# What every benchmark sets. None of them measures checkpoints, and only the engine needs autovacuum.
SETTINGS = {"checkpoint_timeout": "'1h'", "autovacuum": "off", "listen_addresses": "''"}


def programs(wanted: str | None) -> Path:
    """The folder of PostgreSQL's programs: the one named, else the newest that Debian has installed, else the PATH's."""
    if wanted:
        return Path(wanted)
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if found:
        return found[-1].parent
    on_path = shutil.which("initdb")
    if on_path is None:
        raise SystemExit("error: no PostgreSQL server programs; name their folder with --postgres")
    return Path(on_path).resolve().parent


class Server:
    """Started on entry, ended and removed on exit. Has a database `state` for Windlass itself."""

    def __init__(self, bin_folder: Path, **settings: object):
        self.bin, self.settings = bin_folder, {**SETTINGS, **settings}
        self.folder = Path(tempfile.mkdtemp(prefix="windlass-bench-"))
        self.folder.chmod(0o755)
        # PostgreSQL does not run as root.
        self.as_user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        if self.as_user:
            account = pwd.getpwnam("postgres")
            os.chown(self.folder, account.pw_uid, account.pw_gid)

    def address(self, database: str = "postgres", user: str = "postgres") -> str:
        """As Windlass wants it: the folder of the socket as a percent-encoded host."""
        return f"postgres://{user}@{str(self.folder).replace('/', '%2F')}/{database}"

    def call(self, program: str, *arguments: str) -> None:
        command = [*self.as_user, str(self.bin / program), *arguments]
        subprocess.run(command, check=True, cwd=self.folder, stdout=subprocess.DEVNULL)

    def __enter__(self) -> "Server":
        data = str(self.folder / "data")
        self.call("initdb", "-D", data, "-U", "postgres", "--auth=trust", "--no-sync", "--encoding=UTF8", "--locale=C.UTF-8")
        lines = [f"{name} = {value}" for name, value in self.settings.items()]
        lines.append(f"unix_socket_directories = '{self.folder}'")
        with open(self.folder / "data" / "postgresql.conf", "a", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")
        self.call("pg_ctl", "-D", data, "-w", "-l", str(self.folder / "log"), "start")
        self.run("postgres", "create database state")
        return self

    def __exit__(self, *_: object) -> None:
        self.call("pg_ctl", "-D", str(self.folder / "data"), "-w", "-m", "immediate", "stop")
        shutil.rmtree(self.folder, ignore_errors=True)

    def run(self, database: str, *statements: str) -> str:
        commands = [f"--command={statement}" for statement in statements]
        command = ["psql", "--no-psqlrc", "-qAt", "--set=ON_ERROR_STOP=1", f"--dbname={self.address(database)}", *commands]
        return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()

    def cpu(self) -> float:
        """Seconds of CPU that all of its processes used so far, those that have ended included."""
        first = (self.folder / "data" / "postmaster.pid").read_text().split()[0]
        used = 0
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = stat.read_text().rsplit(")", 1)[1].split()
            except OSError:
                continue
            if stat.parent.name == first:
                used += sum(int(field) for field in fields[11:15])
            elif fields[1] == first:
                used += sum(int(field) for field in fields[11:13])
        return used / 100

    def version(self) -> str:
        return self.run("postgres", "show server_version")
