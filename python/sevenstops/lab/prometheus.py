"""Prometheus from the distribution, whose clock of alerts runs faster than a user's.

A rule looks at minutes, a load of the lab lasts seconds. Every duration is divided by one factor:
the scrape interval, the windows of the rules, and for how long a condition has to hold.
"""

import json
import re
import shutil
import time
import urllib.parse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sevenstops import _core
from sevenstops.errors import LabError
from sevenstops.lab.edges.base import ProxyProcess, free_port
from sevenstops.lab.processes import wait_until
from sevenstops.lab.scenes import Scene

FACTOR = 60
"""How much faster: a minute of the rules is a second here."""

SCRAPE = 15.0
"""Seconds between two scrapes of a user's Prometheus, and between two looks at its rules."""

LOOK = 0.1
"""Seconds between two looks at the alerts; the rules are evaluated less often."""

UNITS = {"s": 1, "m": 60, "h": 3600}


def _shorter(seconds: float) -> str:
    """A duration of so many seconds divided by the factor, as Prometheus writes it."""
    return f"{max(1, round(1000 * seconds / FACTOR))}ms"


def sped_up(rules: str) -> str:
    """A rules file whose windows, such as [5m], and times to hold are divided by the factor."""

    def window(found: re.Match[str]) -> str:
        return found[1] + _shorter(int(found[2]) * UNITS[found[3]]) + found[4]

    rules = re.sub(r"(\[)(\d+)([smh])(\])", window, rules)
    return re.sub(r"^( +for: )(\d+)([smh])()$", window, rules, flags=re.M)


class Prometheus(ProxyProcess):
    """A Prometheus with a folder of its own, sped up; a context manager that ends both."""

    def __init__(self, rules: str, jobs: Mapping[str, Sequence[int]]) -> None:
        """Starts it with a rules file and waits until it has scraped every port: some 5 s.

        `jobs` has the admin ports to be scraped, by the name of their job. Raises LabError when
        Prometheus isn't installed or refuses the rules.
        """
        program = shutil.which("prometheus")
        if not program:
            raise LabError("prometheus is not installed: apt-get install prometheus")
        path, port = program, free_port()
        often = _shorter(SCRAPE)
        configuration = {
            "global": {"scrape_interval": often, "scrape_timeout": often,
                       "evaluation_interval": often},
            "rule_files": ["rules.yml"],
            "scrape_configs": [
                {
                    "job_name": job,
                    "static_configs": [{"targets": [f"127.0.0.1:{p}" for p in ports]}],
                }
                for job, ports in jobs.items()
            ],
        }  # fmt: skip

        def command(folder: Path) -> list[str]:
            (folder / "rules.yml").write_text(sped_up(rules))
            # JSON is YAML.
            (folder / "prometheus.yml").write_text(json.dumps(configuration))
            return [
                path, f"--config.file={folder}/prometheus.yml",
                f"--storage.tsdb.path={folder}/data",
                f"--web.listen-address=127.0.0.1:{port}", "--log.level=error",
            ]  # fmt: skip

        super().__init__("prometheus", port, command)
        try:
            targets = sum(len(ports) for ports in jobs.values())
            what = f"prometheus with {targets} targets"
            wait_until(lambda: self._scraped() == targets, 30, what)
        except BaseException:
            self.stop()
            raise

    def query(self, expression: str) -> float | None:
        """The value of an expression with one result now; None while there is none."""
        result = self._ask("query", query=expression).get("result", [])
        return float(result[0]["value"][1]) if result else None

    def firing(self, job: str) -> set[str]:
        """The names of the alerts that fire now for a job's services."""
        alerts = self._ask("alerts").get("alerts", [])
        return {
            alert["labels"]["alertname"]
            for alert in alerts
            if alert["state"] == "firing" and alert["labels"].get("job") == job
        }

    def fired_under(
        self, job: str, scene: Scene, plan: _core.Plan, patience: float, until: str = ""
    ) -> dict[str, float]:
        """Sends the plan again and again for `patience` seconds, or until the alert `until` fires.

        Gives each alert that fired for the job, and after how many seconds it first did.
        """
        began = time.monotonic()
        fired: dict[str, float] = {}

        def goes_on() -> bool:
            for name in self.firing(job):
                fired.setdefault(name, time.monotonic() - began)
            return until not in fired and time.monotonic() < began + patience

        loads = 0
        while goes_on():
            try:
                with scene.under_load(plan) as load:
                    loads += 1
                    while goes_on() and not load.wait(LOOK):
                        pass
            except LabError:
                # What the load before did may keep the service from answering; that is looked for.
                if not loads:
                    raise
                time.sleep(LOOK)
        return fired

    def _scraped(self) -> float | None:
        """How many targets answered their last scrape."""
        assert self.process is not None
        if not self.process.alive:
            raise LabError(f"prometheus did not start: {self.process.last_words()}")
        try:
            return self.query("count(up == 1)")
        except RuntimeError:
            # It is about to end, since it doesn't like its rules.
            return None

    def _ask(self, what: str, **parameters: str) -> dict[str, Any]:
        """What the HTTP API answers; nothing while it is not ready."""
        target = f"/api/v1/{what}?{urllib.parse.urlencode(parameters)}"
        status, text = _core.fetch(_core.Target(self.port), target)
        if status == 503:
            return {}
        answer = json.loads(text)
        if status != 200:
            raise LabError(f"prometheus does not answer {target}: {answer.get('error', status)}")
        data: dict[str, Any] = answer["data"]
        return data


def scraped(scene: Scene) -> list[int]:
    """The admin ports of a scene: the service's, and those of the services beneath."""
    return [each.admin_port for each in (scene.service, *scene.others.values())]
