"""Stops that got slower are found and named, and others are not."""

import pytest

from sevenstops import LabError, ServiceOptions
from sevenstops.evidence.stops import STOPS
from sevenstops.lab.costs import Side, stop_costs

pytestmark = pytest.mark.alone


def test_a_slowed_stop_is_measured_as_such():
    slowed = Side(options=ServiceOptions(rows=2000, faults=("slow-stop=serialize/3",)))
    measured = stop_costs(slowed, rounds=2)
    assert set(measured.reference) == set(STOPS[1:])
    assert all(len(samples) == 2 for samples in measured.candidate.values())
    assert min(measured.ratios("serialize")) > 2
    assert measured.slower()[0] == "serialize"


def test_a_program_that_is_not_there_is_said():
    missing = Side(options=ServiceOptions(executable="/nowhere/service"))
    with pytest.raises(LabError, match="/nowhere/service cannot be run: No such file"):
        stop_costs(Side(), missing, rounds=1)
