"""An HTTP server on the loopback that answers with prepared files."""

import functools
import http.server
import threading
from pathlib import Path


class Handler(http.server.SimpleHTTPRequestHandler):
    """Says what a file is by its ending, and nothing to the terminal."""

    extensions_map = {".json": "application/json", ".csv": "text/csv; charset=utf-8"}
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        pass


class Origin:
    """Serves a folder while it is entered."""

    def __init__(self, folder: Path):
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=str(folder)))

    def __enter__(self) -> "Origin":
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()

    def address(self, name: str) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/{name}"


def write(folder: Path, rows: int) -> None:
    """The same records as one JSON document and as CSV: prices of shares, with Korean names."""
    names = ["삼성전자", "SK하이닉스", "네이버", "카카오", "현대자동차"]
    with open(folder / f"{rows}.json", "w", encoding="utf-8") as json, open(folder / f"{rows}.csv", "w", encoding="utf-8") as csv:
        json.write('{"data": {"rows": [')
        csv.write("id,symbol,name,price,volume,at\n")
        for number in range(rows):
            symbol, name, price = f"S{number % 3000:06}", names[number % 5], f"{number % 99991 / 7:.4f}"
            volume, at = number * 7919 % 1000003, f"2026-{number % 12 + 1:02}-{number % 28 + 1:02} {number % 24:02}:{number % 60:02}:00"
            lead = "," if number else ""
            json.write(f'{lead}{{"id":{number},"symbol":"{symbol}","name":"{name}","price":{price},"volume":{volume},"at":"{at}"}}\n')
            csv.write(f"{number},{symbol},{name},{price},{volume},{at}\n")
        json.write("]}}")
    with open(folder / f"{rows}.json", encoding="utf-8") as whole, open(folder / f"{rows}-plain.json", "w", encoding="utf-8") as plain:
        # DuckDB's own reader finds no records inside a document: it is given the array.
        text = iter(whole)
        plain.write(next(text).replace('{"data": {"rows": [', "["))
        for line in text:
            plain.write("]" if line == "]}}" else line)
