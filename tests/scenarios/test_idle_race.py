"""Requests that meet the end of a kept connection: what the edge says of those that users lose."""

import pytest

from sevenstops.experiments import experiment_named
from sevenstops.lab.environment import Lab
from sevenstops.lab.processes import pinned
from sevenstops.loading.running import run_plan

pytestmark = pytest.mark.alone

LOST = (
    "upstream prematurely closed connection",
    "Connection reset by peer",
    "Broken pipe",
    "Connection refused",
)


def lost(side, method):
    """Requests of a run that nginx answered with 502, what it logged of its upstream, and how many
    idle connections the service says it has closed.
    """
    experiment = experiment_named("idle-race")
    lab = Lab(edge="nginx")
    plan = experiment.plan(lab.seed)
    (order,) = plan.requests
    order.method = method
    if method == "GET":
        order.target, order.body, order.expect = "/users/42", "", ""
    plan.requests = [order]
    settings = dict(zip(("before", "after"), experiment.sides(), strict=True))[side]
    with pinned(lab.load_cpus), experiment.scene(lab, settings) as scene:
        result = run_plan(plan, scene.port)
        logged = [line for line in scene.edge.error_log() if any(why in line for why in LOST)]
        closed = scene.service.stops()["idle_connections_closed_total"]
    assert set(result.all.statuses) <= {200, 502}
    assert result.answered == result.due
    return result.all.statuses.get(502, 0), len(logged), closed


def test_each_lost_order_stands_in_the_edges_own_log():
    users, edge, closed = lost("before", "POST")
    assert users == edge > 0
    # One that was reset had been closed for its silence.
    assert closed >= users


def test_nobody_is_lost_where_the_edge_has_less_patience():
    assert lost("after", "POST") == (0, 0, 0)


def test_what_may_be_repeated_is():
    users, edge, closed = lost("before", "GET")
    assert users == 0
    assert edge > 0
    assert closed > 0
