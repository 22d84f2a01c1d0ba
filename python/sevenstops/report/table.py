"""The before/after table: on a terminal and in Markdown."""

from collections.abc import Iterator
from typing import Any

from rich import box
from rich.console import Group
from rich.table import Table
from rich.text import Text

from sevenstops.evidence.quantities import change, middle

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
            before, after = middle(m, "before"), middle(m, "after")
            head = (evidence["stop"], evidence["symptom"]) if first else ("", "")
            name = m["name"] + (" (guard)" if m.get("guard") else "")
            verdict = evidence["verdict"] if first else ""
            yield (*head, name, before, after, change(m), verdict)
            first = False


WIDE = 130
"""Columns of a terminal that all columns of the table need."""


def terminal_table(document: dict[str, Any], width: int = WIDE) -> Table | Group:
    """For rich to print on a terminal of so many columns."""
    return _wide(document) if width >= WIDE else _narrow(document)


def _narrow(document: dict[str, Any]) -> Group:
    """Stop, symptom and verdict above the metrics of each failure."""
    found = list(rows(document))
    name_width, before_width, after_width = (max(len(row[n]) for row in found) for n in (2, 3, 4))
    parts: list[Text | Table] = []
    table = Table.grid()
    for stop, symptom, name, before, after, difference, verdict in found:
        if stop:
            head = Text.assemble("\n", (f"{stop}: {symptom}", "bold"), "  ")
            parts.append(head.append(verdict, STYLES[verdict]))
            table = Table.grid(padding=(0, 2, 0, 0))
            table.add_column(width=name_width, no_wrap=True)
            table.add_column(width=before_width, justify="right", no_wrap=True)
            table.add_column(width=after_width, justify="right", no_wrap=True)
            table.add_column()
            parts.append(table)
        table.add_row(name, before, after, Text(difference))
    return Group(*parts)


def _wide(document: dict[str, Any]) -> Table:
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
