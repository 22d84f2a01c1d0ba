"""Assertions on evidence, whose messages name stop, metric, interval and remedy."""

from dataclasses import dataclass
from typing import Any

from sevenstops.evidence.quantities import change, human, must


@dataclass(frozen=True)
class CheckedEvidence:
    """One failure's part of an evidence document that can be asserted upon."""

    evidence: dict[str, Any]
    # What got worse since the baseline, a sentence each.
    regressions: tuple[str, ...] = ()

    @property
    def verdict(self) -> str:
        """`fixed`, `not fixed` or `inconclusive`."""
        return str(self.evidence["verdict"])

    def assert_fixed(self) -> None:
        """Asserts that the failure was shown before, is gone after, and nothing got worse."""
        if self.verdict == "fixed" and not self.regressions:
            return
        raise AssertionError(self.message())

    def message(self) -> str:
        """Stop, failure, each metric with its interval, and the first diagnostic."""
        e = self.evidence
        lines = [f"{e['stop']}: {e['failure']} is {e['verdict']}"]
        if e.get("reason"):
            lines[0] += f", since {e['reason']}"
        for m in e["metrics"]:
            sides = [human(m[side]["median"], m["unit"], m["name"]) for side in ("before", "after")]
            held = "" if m["pass"] else "  <- does not hold"
            lines.append(
                f"  {m['name']}: {sides[0]} before, {sides[1]} after, {change(m)}; "
                f"must be {must(m)}{held}"
            )
        lines += [f"  worse than the baseline: {r}" for r in self.regressions]
        for diagnostic in e.get("diagnostics", [])[:1]:
            lines.append(f"  first diagnostic: {diagnostic['command']}")
            lines.append(f"    when it is this: {diagnostic['when_it_is']}")
        return "\n".join(lines)
