"""Stops that got slower are found and named, and others are not."""

import pytest

from sevenstops.evidence.costs import StopCosts

NOISE = [0.98, 1.01, 1.0, 0.99, 1.02, 1.0, 1.01, 0.99]


COSTS = {
    "parse": 5e-6, "route": 1e-7, "middleware": 3e-8,
    "handle": 17e-6, "serialize": 4e-6, "drain": 12e-6,
}  # fmt: skip


def costs(**growth):
    reference = {stop: [cost * n for n in NOISE] for stop, cost in COSTS.items()}
    candidate = {
        stop: [cost * n * growth.get(stop, 1.0) for n in reversed(NOISE)]
        for stop, cost in COSTS.items()
    }
    return StopCosts(reference, candidate)


def test_noise_is_not_slower():
    costs().assert_no_stop_slower()


@pytest.mark.parametrize("stop", ["parse", "handle", "serialize", "drain"])
def test_a_tenth_more_is_told_of_the_right_stop(stop):
    with pytest.raises(AssertionError, match=f"^slower: {stop}\n  {stop}: .* x 1.0[6-9] to 1.1"):
        costs(**{stop: 1.1}).assert_no_stop_slower()


def test_the_stop_that_costs_most_comes_first():
    assert costs(serialize=1.5, drain=1.5).slower() == ["drain", "serialize"]


def test_what_no_request_notices_is_not_told():
    assert costs(route=1.5).slower() == []
    assert costs(route=4).slower() == ["route"]


def test_faster_is_not_slower():
    assert costs(handle=0.5).slower() == []
