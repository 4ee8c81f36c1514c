"""Tables in Markdown from what was measured."""

import statistics
from collections.abc import Iterable


def quantile(values: list[float], share: float) -> float:
    """The value below which that share of the values lies (nearest rank)."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, round(share * len(ordered) + 0.5) - 1))]


def both(values: Iterable[float]) -> str:
    listed = list(values)
    return f"{statistics.median(listed):.2f} / {quantile(listed, 0.9):.2f}" if listed else "–"


def table(rows: list[tuple[str, ...]]) -> str:
    head, *body = rows
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in body])


def compared(measured: dict[str, list[dict]]) -> str:
    """Windlass and the baseline, line by line."""
    ways = list(measured)
    rows: list[tuple[str, ...]] = [("", *ways)]

    def line(title: str, of: object) -> None:
        rows.append((title, *(of(measured[way]) for way in ways)))

    line("rounds", lambda runs: str(len(runs)))
    line("target met", lambda runs: f"{sum(run['target_met'] for run in runs)} of {len(runs)}")
    line("failed", lambda runs: str(sum(not run["ok"] for run in runs)))
    line("seconds to a finished table, median / p90", lambda runs: both(run["seconds"] for run in runs if run["ok"]))
    line("seconds until it was given up, median / p90", lambda runs: both(run["step_s"] for run in runs if not run["ok"]))
    line("seconds lost before the attempt that counts, median / p90", lambda runs: both(run["lost_s"] for run in runs))
    line("attempts, median / most", lambda runs: f"{statistics.median(run['attempts'] for run in runs):.0f} / {max(run['attempts'] for run in runs)}")
    line("seconds of cancelled work, sum", lambda runs: f"{sum(run['cancelled_s'] for run in runs):.1f}")
    return table(rows)


def looks(measured: dict[str, list[dict]]) -> str:
    rows: list[tuple[str, ...]] = [("first look, then", "rounds", "seconds lost to the shortfall, median / p90")]
    for way, runs in measured.items():
        rows.append((way, str(len(runs)), both(run["lost_s"] for run in runs)))
    return table(rows)


def exact(measured: dict[str, list[dict]]) -> str:
    rows: list[tuple[str, ...]] = [("statement", "rounds", "seconds, median / p90")]
    for way, runs in measured.items():
        rows.append((way, str(len(runs)), both(run["seconds"] for run in runs)))
    medians = [statistics.median(run["seconds"] for run in runs) for runs in measured.values()]
    return f"{table(rows)}\n\nCost of counting exactly: {100 * (medians[0] / medians[1] - 1):+.1f} % at the median."


def goals(measured: dict[str, list[dict]]) -> list[str]:
    """The goals that the numbers of the contended rounds can be held against."""
    ours, theirs = measured["windlass"], measured["baseline"]
    lost = lambda runs, share: quantile([run["lost_s"] for run in runs], share)
    ratios = [(name, lost(ours, share) / max(lost(theirs, share), 0.001), goal)
              for name, share, goal in (("median", 0.5, 0.5), ("p90", 0.9, 0.3))]
    told = [f"- time lost, {name}: {ratio:.2f} × the baseline's (goal: {goal} ×)" for name, ratio, goal in ratios]
    told.append(f"- target met in {sum(run['target_met'] for run in ours)} of {len(ours)} rounds (goal: all)")
    told.append(f"- cancelled work: {sum(run['cancelled_s'] for run in ours):.1f} s (goal: none)")
    return told
