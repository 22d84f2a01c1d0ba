"""The before/after table: on a terminal and in Markdown."""

from collections.abc import Iterator
from typing import Any

from rich import box
from rich.table import Table

from sevenstops.evidence.quantities import change, human

COLUMNS = ("stop", "symptom", "metric", "before", "after", "change", "verdict")
STYLES = {"fixed": "green", "not fixed": "red", "inconclusive": "yellow"}


def rows(document: dict[str, Any], guards: bool = False) -> Iterator[tuple[str, ...]]:
    """One row for each metric; what repeats within a failure is said once.

    A guard is shown when asked for, and when its threshold does not hold.
    """
    for evidence in document["evidence"]:
        first = True
        for m in evidence["metrics"]:
            if m.get("guard") and m["pass"] and not guards:
                continue
            before = human(m["before"]["median"], m["unit"], m["name"])
            after = human(m["after"]["median"], m["unit"], m["name"])
            head = (evidence["stop"], evidence["symptom"]) if first else ("", "")
            name = m["name"] + (" (guard)" if m.get("guard") else "")
            verdict = evidence["verdict"] if first else ""
            yield (*head, name, before, after, change(m), verdict)
            first = False


def terminal_table(document: dict[str, Any]) -> Table:
    """For rich to print."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in COLUMNS:
        right = column in ("before", "after")
        whole = column not in ("symptom", "change")
        table.add_column(column, justify="right" if right else "left", no_wrap=whole)
    for row in rows(document):
        if row[0] and table.row_count:
            table.add_section()
        verdict = row[-1]
        table.add_row(*row[:-1], f"[{STYLES[verdict]}]{verdict}[/]" if verdict else "")
    return table


def markdown_table(document: dict[str, Any]) -> str:
    """The same for a Markdown file."""
    lines = ["| " + " | ".join(COLUMNS) + " |", "|---|---|---|--:|--:|---|---|"]
    lines += ["| " + " | ".join(row) + " |" for row in rows(document)]
    return "\n".join(lines)
