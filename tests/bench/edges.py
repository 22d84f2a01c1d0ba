"""Every failure that is measured through an edge, through each of the four."""

import sys

from sevenstops.experiments import all_experiments, run
from sevenstops.lab.edges import edges
from sevenstops.lab.edges.none import NoEdge
from sevenstops.lab.environment import Lab


def measure(_: Lab) -> tuple[list[str], bool]:
    """One round of each: Markdown lines, and whether every failure is fixed behind every edge."""
    failures = [e.failure for e in all_experiments() if not e.without_edge and e.possible()]
    through = [name for name in edges() if name != NoEdge.name]
    found: dict[str, dict[str, str]] = {failure: {} for failure in failures}
    for edge in through:
        print(f"edges: {len(failures)} failures through {edge}", file=sys.stderr)
        for evidence in run(*failures, edge=edge, rounds=1)["evidence"]:
            verdict, reason = evidence["verdict"], evidence["reason"]
            found[evidence["failure"]][edge] = f"{verdict} ({reason})" if reason else verdict
    lines = [
        "## Failures through each edge", "",
        "One round of each. Must hold: all are fixed.", "",
        f"| failure | {' | '.join(through)} |", "|---" * (len(through) + 1) + "|",
        *(f"| {f} | {' | '.join(found[f][edge] for edge in through)} |" for f in failures), "",
    ]  # fmt: skip
    return lines, all(said == "fixed" for of in found.values() for said in of.values())
