"""The runbook: symptom → stop → first diagnostic → what it says → fix, from each experiment."""

from collections.abc import Iterator

from sevenstops.experiments import Experiment, all_experiments
from sevenstops.experiments.base import Diagnostic
from sevenstops.report.quantities import sentence

# What stands for a number in a command on paper.
PLACES = {"port": "$PORT", "admin_port": "$ADMIN_PORT", "pid": "$PID"}


def entries() -> Iterator[tuple[Experiment, Diagnostic]]:
    """Every line of the runbook, in walking order of the stops."""
    for experiment in all_experiments():
        for diagnostic in experiment.diagnostics:
            yield experiment, diagnostic


def markdown_runbook() -> str:
    """The whole runbook."""
    lines = [
        "# Runbook", "",
        "Find the symptom, run the command beside it, read what it says. `$PORT` is the service's "
        "port, `$ADMIN_PORT` its admin listener's, `$PID` its process.", "",
        "| symptom | stop | first |", "|---|---|---|",
    ]  # fmt: skip
    found = list(entries())
    for number, (experiment, diagnostic) in enumerate(found, 1):
        tool = diagnostic.command.split()[0]
        tool = {"seq": "curl", "for": "curl"}.get(tool, tool)
        lines.append(
            f"| {diagnostic.symptom} | {sentence(experiment.stop)} "
            f"| [{number}, {tool}](#{number}) |"
        )
    for number, (experiment, diagnostic) in enumerate(found, 1):
        lines += [
            "", f'## <a id="{number}"></a>{number}. {diagnostic.symptom}', "",
            f"**Stop:** {sentence(experiment.stop)} (`{experiment.failure}`)", "",
            "```sh", diagnostic.command.format(**PLACES), "```", "",
            f"- When it is this: {diagnostic.when_it_is}.",
            f"- When it isn't: {diagnostic.when_not}.",
        ]  # fmt: skip
        if diagnostic.promql:
            lines.append(f"- Prometheus: `{diagnostic.promql}`")
        lines += ["", f"**Fix:** {experiment.fix}. {experiment.lesson}"]
    return "\n".join(lines) + "\n"
