"""The tables for docs/BENCHMARKS.md."""

from statistics import median

Rows = dict[str, list[dict]]

COLUMNS = {
    "opens": "opens", "failed opens": "failed_opens", "failed queries": "failed_queries", "inconsistent answers": "inconsistent",
    "readers that died": "died", "published": "publishes", "publishes that failed": "failed_publishes", "seconds": "seconds",
}


def masters(rows: Rows, plain: str, database: str, master_bytes: int) -> str:
    lines = [f"| way | wall, s | ÷ {plain} | ÷ {database} | size, MB | ÷ master | peak memory, MiB |", "|---|---|---|---|---|---|---|"]
    for way in rows:
        wall, size, memory = (middle(rows, way, key) for key in ("wall", "bytes", "mib"))
        share = lambda other: f"{wall / middle(rows, other, 'wall'):.2f}"
        lines.append(
            f"| {way} | {wall:.2f} | {share(plain)} | {share(database)} | {size / 1e6:.0f} | {size / master_bytes:.2f} | {memory:.0f} |"
        )
    return "\n".join(lines) + phases(rows)


def loads(rows: Rows, other: str) -> str:
    lines = [f"| way | wall, s | rows a second | times as fast as {other} | size, MB | peak memory, MiB |", "|---|---|---|---|---|---|"]
    for way in rows:
        wall, count, size, memory = (middle(rows, way, key) for key in ("wall", "rows", "bytes", "mib"))
        times = middle(rows, other, "wall") / wall
        lines.append(f"| {way} | {wall:.2f} | {count / wall:,.0f} | {times:.2f} | {size / 1e6:.0f} | {memory:.0f} |")
    return "\n".join(lines) + phases(rows)


def readers(rows: dict[str, dict]) -> str:
    lines = [f"| | {' | '.join(rows)} |", "|---" * (len(rows) + 1) + "|"]
    for title, key in COLUMNS.items():
        told = (row.get(key, 0) for row in rows.values())
        lines.append(f"| {title} | {' | '.join(f'{value:.0f}' for value in told)} |")
    for way, row in rows.items():
        lines += ["", f"{way}:", ""] + [f"- {count} × {text}" for text, count in row["said"].items()] if row["said"] else []
    return "\n".join(lines)


def phases(rows: Rows) -> str:
    """Where Windlass' time went, where the outcome says so."""
    told = []
    for way, measured in rows.items():
        names = (measured[0].get("phases") or {}).keys()
        parts = [f"{name} {median(row['phases'].get(name, 0.0) for row in measured):.2f}" for name in names]
        if parts:
            told.append(f"{way}: {', '.join(parts)} s.")
    return "\n\n" + "\n".join(told) if told else ""


def middle(rows: Rows, way: str, key: str) -> float:
    return median(row[key] for row in rows[way])
