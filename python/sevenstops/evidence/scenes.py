"""Scenes as evidence: what a run found besides its load, and whether two are the same."""

import hashlib
import json
from collections.abc import Collection, Iterator, Mapping
from typing import Any

Content = Mapping[str, Any]
"""What a run finds: `services`, each with its settings, faults, rows and dependencies, and `edge`
with its configuration. Ports and processors are not in it: they differ from run to run.
"""


def fingerprint(content: Content) -> str:
    """SHA-256 of the canonical form: JSON, keys sorted, without spaces."""
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return "sha256:" + hashlib.sha256(canonical.encode()).hexdigest()


def without(content: Content, settings: Collection[str]) -> dict[str, Any]:
    """The scene but for these settings of its services."""
    services = {
        name: {
            **service,
            "settings": {k: v for k, v in service["settings"].items() if k not in settings},
        }
        for name, service in content.get("services", {}).items()
    }
    return {**content, "services": services}


def differences(before: Any, after: Any, path: str = "") -> Iterator[str]:
    """Each place where two scenes differ, in a clause."""
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for name in sorted({*before, *after}):
            yield from differences(before.get(name), after.get(name), f"{path} {name}".strip())
    elif before != after:
        yield f"{path} is {_short(before)} before and {_short(after)} after"


def _short(value: Any) -> str:
    text = "missing" if value is None else str(value)
    return text if len(text) <= 60 else text[:57] + "..."
