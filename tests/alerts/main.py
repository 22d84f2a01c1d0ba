"""Whether each alert of the runbook tells its failure from the mended service: `make alerts`.

Prometheus scrapes the services of every experiment while its load comes, again and again, before
and after its fix. The alert has to fire before and to stay silent after. Durations of the rules,
and those between two scrapes, are divided by FACTOR.

`main.py [FAILURE ...] [--out FILE]`: what was found is kept in out/alerts.json, a failure at a
time, and is not measured again but where it is named. Prints Markdown, and writes it to FILE; 1
when an alert did not do what it has to.
"""

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sevenstops import LabError
from sevenstops.evidence.files import make_folder, write_whole
from sevenstops.experiments import Experiment, all_experiments, choose, guides
from sevenstops.lab.environment import Lab
from sevenstops.lab.processes import pinned
from sevenstops.lab.prometheus import FACTOR, SCRAPE, Prometheus, scraped
from sevenstops.lab.settings import SideSettings
from sevenstops.report.observability import FOR, alert_name, alert_rules
from sevenstops.report.runbook import entries

KEPT = Path(__file__).parents[2] / "out" / "alerts.json"

# Seconds within which an alert has to fire, and for which it has to be silent at least. A window of
# 5 minutes and a minute of holding are 6 s here.
PATIENCE = 45.0
SILENT = 12.0


@dataclass(frozen=True)
class Found:
    """What became of a failure's alert: which alerts fired, and after how many seconds first."""

    before: dict[str, float]
    after: dict[str, float]
    watched: float

    def holds(self, name: str) -> bool:
        return name in self.before and name not in self.after


def prove(experiment: Experiment, lab: Lab) -> Found:
    """Both sides of one experiment, under the same load."""
    lab = experiment.lab_of(lab)
    plan = experiment.plan(lab.seed)
    rules = alert_rules(guides())
    name = alert_name(experiment.failure)
    before, after = experiment.sides()
    patience = max(PATIENCE, 2 * plan.duration)
    if experiment.needs_network:
        # Whoever looks has to be in the same network namespace, which each scene has for itself.
        fired = alone(experiment, lab, before, patience, name)
        return Found(fired, alone(experiment, lab, after, SILENT), SILENT)
    with (
        experiment.scene(lab, before) as fragile,
        experiment.scene(lab, after) as mended,
        Prometheus(rules, {"before": scraped(fragile), "after": scraped(mended)}) as prometheus,
    ):
        fired = prometheus.fired_under("before", fragile, plan, patience, until=name)
        # As long as the whole load, and twice as long as it took before.
        watched = max(SILENT, plan.duration + 1, 2 * fired.get(name, 0.0))
        silent = prometheus.fired_under("after", mended, plan, watched)
    return Found(fired, silent, watched)


def alone(
    experiment: Experiment, lab: Lab, side: SideSettings, patience: float, until: str = ""
) -> dict[str, float]:
    """One side with a Prometheus of its own."""
    rules = alert_rules(guides())
    with (
        experiment.scene(lab, side) as scene,
        Prometheus(rules, {"alone": scraped(scene)}) as prometheus,
    ):
        return prometheus.fired_under("alone", scene, experiment.plan(lab.seed), patience, until)


def row(experiment: Experiment, severity: str, found: Found) -> str:
    """A line of the table."""
    name = alert_name(experiment.failure)
    others = ", ".join(f"`{other}`" for other in sorted(found.after) if other != name)
    cells = (
        f"`{experiment.failure}`", f"`{name}`", severity,
        f"yes, {found.before[name]:.1f} s" if name in found.before else "no",
        "yes" if name in found.after else f"no, {found.watched:.0f} s", others,
    )  # fmt: skip
    return f"| {' | '.join(cells)} |"


def report(found: dict[str, Found], lab: Lab) -> str:
    """The table of what was found."""
    where = lab.environment()
    severities = {
        guide["failure"]: line["severity"] for guide, line in entries(guides()) if line["promql"]
    }
    rows, without = [], []
    for experiment in all_experiments():
        if experiment.failure not in severities:
            without.append(f"`{experiment.failure}`")
        elif experiment.failure in found:
            severity = severities[experiment.failure]
            rows.append(row(experiment, severity, found[experiment.failure]))
    lines = [
        "# Alerts", "",
        f"{where['cores']} cores of {where['machine']}, Linux {where['kernel']}; without an edge "
        "where the failure does not need one.", "",
        "Prometheus scrapes the service, and the services beneath it, while an experiment's load "
        "comes again and again: first without the fix until its alert fires, then with it. The "
        f"rules are those of alerts.yml with every duration divided by {FACTOR}: a scrape each "
        f"{SCRAPE:g} s, windows of 5 minutes and {FOR} of holding are {1000 * SCRAPE / FACTOR:g} "
        f"ms, {300 / FACTOR:g} s and {60 / FACTOR:g} s. Times are those of the sped-up clock, from "
        f"the load's beginning; {FACTOR} times as much for a user.", "",
        "| Failure | Alert | Severity | Fired before | Fired after | Others after |",
        "| --- | --- | --- | --- | --- | --- |",
        *rows, "",
        "Others after: alerts of other failures that the mended service shows under this load. An "
        "experiment mends one thing and leaves out what else would help, on both sides: those "
        "others are there.", "",
        f"Without an alert, since nothing that the service counts shows it: {', '.join(without)}.",
    ]  # fmt: skip
    return "\n".join(lines) + "\n"


def kept() -> dict[str, Found]:
    """What was found before."""
    if not KEPT.exists():
        return {}
    read: dict[str, dict[str, Any]] = json.loads(KEPT.read_text())
    return {failure: Found(**fields) for failure, fields in read.items()}


def main(arguments: list[str]) -> int:
    """Proves what is named, or what was not proved yet; 1 when an alert is wrong."""
    out = ""
    if "--out" in arguments:
        at = arguments.index("--out")
        out = arguments[at + 1]
        arguments = arguments[:at] + arguments[at + 2 :]
    # What an edge and the kernel keep for a client is no part of what the service counts.
    lab = Lab(edge="none")
    with_alert = {guide["failure"] for guide, line in entries(guides()) if line["promql"]}
    wanted = [e for e in choose(arguments, everything=True) if e.failure in with_alert]
    found = kept()
    with pinned(lab.load_cpus):
        for experiment in wanted:
            if experiment.failure in found and not arguments:
                continue
            print(f"{experiment.failure} ...", file=sys.stderr, flush=True)
            found[experiment.failure] = prove(experiment, lab)
            document = {failure: vars(each) for failure, each in found.items()}
            make_folder(KEPT.parent)
            write_whole(KEPT, json.dumps(document, indent=1) + "\n")
    text = report(found, lab)
    print(text)
    if out:
        write_whole(Path(out), text)
    return 0 if all(found[e.failure].holds(alert_name(e.failure)) for e in wanted) else 1


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except LabError as error:
        sys.exit(f"alerts: {error}")
