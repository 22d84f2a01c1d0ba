"""Sweeps over a link, in short."""

import pytest

from sevenstops.lab.environment import Lab
from sevenstops.lab.network import link_possible
from sevenstops.sweeps import link, sweep_named

pytestmark = [
    pytest.mark.alone,
    pytest.mark.skipif(not link_possible(), reason="this process may have no TUN device"),
]


def measured(name, *places):
    """The points of a sweep at these places, each once."""
    sweep = sweep_named(name)
    lab = Lab(edge="none")
    points = {(point.line, point.at): point for point in sweep.points(lab.seed)}
    return [points[place].once(lab, sweep.measure)[0] for place in places]


def test_a_window_bounds_a_download(monkeypatch):
    monkeypatch.setattr(link, "SECONDS", 0.5)
    monkeypatch.setattr(link, "ROWS", 10_000)
    stream, connection = "both windows, one stream", "the connection's, four streams of 16 MiB"
    small, wide, shared = measured(
        "http2-windows", (stream, "64"), (stream, "4096"), (connection, "64")
    )
    bound = 65536 / (2 * link.DELAY)
    assert small["bytes_a_second"] < bound < wide["bytes_a_second"]
    assert shared["bytes_a_second"] < bound
    assert small["downloads_failed"] == wide["downloads_failed"] == 0


def test_each_part_of_a_page_loses_one_packet():
    for seed in range(50):
        found = sorted(link.places(8, seed))
        assert all(n * 34 / 8 - 1 < place < (n + 1) * 34 / 8 for n, place in enumerate(found))
    assert link.places(8, 1) == link.places(8, 1) != link.places(8, 2)


def test_one_lost_packet_makes_one_object_late_or_most(monkeypatch):
    monkeypatch.setattr(link, "WARM_UP", 0.5)
    monkeypatch.setattr(link, "PAGES", 6)
    monkeypatch.setattr(link, "LOSSES", 3)
    apart, together = measured(
        "one-lost-packet", ("", "HTTP/1.1, 6 connections"), ("", "HTTP/2, 1 connection")
    )
    assert apart["packets_lost"] == together["packets_lost"] == 3
    # Of six objects, three and a half in the long run.
    assert 1 <= apart["late_objects"] < 2 <= together["late_objects"]
    assert apart["objects_failed"] == together["objects_failed"] == 0
