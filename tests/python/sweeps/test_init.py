"""The registry of sweeps."""

import pytest

from sevenstops import LabError
from sevenstops.lab.settings import difference
from sevenstops.loading.plans import plan_to_dict
from sevenstops.sweeps import SWEEPS, sweep_named
from support import cli


@pytest.mark.parametrize("sweep", SWEEPS, ids=lambda s: s.name)
def test_every_point_has_a_place_of_its_own(sweep):
    points = sweep.points(7)
    assert sweep.drawn in sweep.columns
    assert len({(p.line, p.at) for p in points}) == len(points)


MEASURED = [s for s in SWEEPS if s.measure]


@pytest.mark.parametrize("sweep", [s for s in MEASURED if s.needs_link], ids=lambda s: s.name)
def test_points_over_a_link_differ_in_how_the_client_speaks(sweep):
    points = sweep.points(7)
    plans = []
    for point in points:
        point.plan.check()
        plan = plan_to_dict(point.plan)
        plans.append(
            {k: v for k, v in plan.items() if k not in ("protocol", "http2", "connections")}
        )
        changed = difference(points[0].settings.settings, point.settings.settings)
        assert set(changed) <= {"drain.send_buffer"}
        assert sweep.without_edge
    assert all(plan == plans[0] for plan in plans)


@pytest.mark.parametrize("sweep", [s for s in MEASURED if not s.needs_link], ids=lambda s: s.name)
def test_points_share_their_load_and_differ_in_handler_or_admission(sweep):
    points = sweep.points(7)
    by_place = {}
    for point in points:
        point.plan.check()
        by_place.setdefault(point.at if sweep.line in ("hedges", "limit") else "", set()).add(
            point.plan.fingerprint()
        )
        changed = difference(points[0].settings.settings, point.settings.settings)
        assert all(name.startswith(("handle.", "accept.admission.")) for name in changed)
    assert all(len(plans) == 1 for plans in by_place.values())


def test_an_unknown_sweep_is_refused_by_name():
    with pytest.raises(LabError, match="unknown sweep 'nothing': there are fan-out, "):
        sweep_named("nothing")
    ended = cli("sweep", "nothing")
    assert ended.returncode == 2
    assert ended.stderr.startswith("sevenstops: unknown sweep 'nothing'")
    assert len(ended.stderr.splitlines()) == 1
