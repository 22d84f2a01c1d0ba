"""Every failure that is measured through an edge, through those that the report has not."""

import sys

from sevenstops.experiments import all_experiments, run
from sevenstops.lab.edges import edges
from sevenstops.lab.edges.none import NoEdge
from sevenstops.lab.environment import Lab


def measure(lab: Lab) -> tuple[list[str], bool]:
    """One round of each: Markdown lines, and whether every failure is fixed behind every edge. The
    lab's own edge is the report's.
    """
    failures = [e.failure for e in all_experiments() if not e.without_edge and e.possible()]
    through = [name for name in edges() if name not in (NoEdge.name, lab.edge)]
    found: dict[str, dict[str, str]] = {failure: {} for failure in failures}
    for edge in through:
        print(f"edges: {len(failures)} failures through {edge}", file=sys.stderr)
        for evidence in run(*failures, edge=edge, rounds=1)["evidence"]:
            verdict, reason = evidence["verdict"], evidence["reason"]
            found[evidence["failure"]][edge] = f"{verdict} ({reason})" if reason else verdict
    lines = [
        "## Failures through each edge", "",
        f"One round of each; reports/ has them through {lab.edge}. Must hold: all are fixed.", "",
        f"| failure | {' | '.join(through)} |", "|---" * (len(through) + 1) + "|",
        *(f"| {f} | {' | '.join(found[f][edge] for edge in through)} |" for f in failures), "",
    ]  # fmt: skip
    return lines, all(said == "fixed" for of in found.values() for said in of.values())
