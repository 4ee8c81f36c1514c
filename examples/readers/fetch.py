"""Keeps a copy of a replica that is reached over HTTP, as in an object store: `fetch.py ADDRESS FILE`, for cron.

    fetch.py https://bucket.s3.eu-central-1.amazonaws.com/stock_data_replica.db /data/stock_data_replica.db

The generation that the manifest names is fetched when it is another one than the copy's, checked, and renamed over the copy;
then the copy's own manifest says so. Readers of the copy read it like any replica. If anything fails, the copy stays.
"""

import hashlib
import json
import os
import sys
from pathlib import Path
from urllib.parse import quote, urljoin
from urllib.request import urlopen

PIECE = 1 << 20


def fetch(address: str, copy: Path) -> bool:
    """Fetches the published generation, unless the copy is it."""
    with urlopen(f"{address}.json", timeout=60) as answer:
        told = json.load(answer)
    manifest = Path(f"{copy}.json")
    if manifest.exists() and json.loads(manifest.read_text(encoding="utf-8"))["generation"] == told["generation"]:
        return False
    fresh, digest = Path(f"{copy}.fetching"), hashlib.sha256()
    # The generation's own file never changes, unlike what bears the replica's name.
    with urlopen(urljoin(address, quote(told["file"])), timeout=60) as answer, open(fresh, "wb") as file:
        while piece := answer.read(PIECE):
            digest.update(piece)
            file.write(piece)
        file.flush()
        os.fsync(file.fileno())
    if digest.hexdigest() != told["sha256"]:
        raise SystemExit(f"generation {told['generation']} was not fetched whole; {copy} stays as it is")
    # Nobody should open it to write.
    fresh.chmod(0o444)
    os.replace(fresh, copy)
    # There is one file here, so that is the generation's. The manifest comes last, as where it was published.
    fresh.write_text(json.dumps({**told, "file": copy.name}), encoding="utf-8")
    os.replace(fresh, manifest)
    return True


if __name__ == "__main__":
    print("fetched" if fetch(sys.argv[1], Path(sys.argv[2])) else "nothing new")
