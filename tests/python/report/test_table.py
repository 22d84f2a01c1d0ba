"""The before/after table."""

from sevenstops.report.table import markdown_table, rows
from support import made_up_evidence, made_up_metric


def document(*metrics):
    return {"evidence": [made_up_evidence(symptom="it stands", metrics=list(metrics))]}


def test_a_guard_is_shown_when_asked_for_and_when_it_does_not_hold():
    exposing = made_up_metric("x_seconds", [3.0, 3.1, 3.2], [0.2, 0.2, 0.2])
    held, broken = (
        {**made_up_metric(name, [1.0] * 3, [1.0] * 3, passes), "guard": True}
        for name, passes in (("held", True), ("broken", False))
    )
    names = [row[2] for row in rows(document(exposing, held, broken))]
    assert names == ["x_seconds", "broken (guard)"]
    asked = [row[2] for row in rows(document(exposing, held, broken), guards=True)]
    assert asked == ["x_seconds", "held (guard)", "broken (guard)"]


def test_stop_symptom_and_verdict_are_said_once():
    metrics = [made_up_metric(name, [3.0] * 3, [2.0] * 3) for name in ("a", "b")]
    lines = markdown_table(document(*metrics)).splitlines()
    assert len(lines) == 4
    assert lines[2].startswith("| accept | ")
    assert lines[2].endswith(" | not fixed |")
    assert lines[3].startswith("|  |  | b | ")
    assert lines[3].endswith(" |  |")
