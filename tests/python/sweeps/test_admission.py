"""When a course has come to what it comes to."""

import pytest

from sevenstops.evidence.metrics import Censored
from sevenstops.sweeps.admission import settled_after

QUIET = [0.5] * 10


@pytest.mark.parametrize(
    ("after", "seconds"),
    [
        ([1.0] * 20, 0.0),
        # Within 15 % is near enough.
        ([0.9, 1.1] * 10, 0.0),
        ([0.2, *[1.0] * 19], 0.1),
        # A slip later on counts up to its end.
        ([1.0, 1.0, 1.0, 0.5, *[1.0] * 16], 0.4),
    ],
)
def test_it_has_settled_when_no_later_interval_is_off(after, seconds):
    settled = settled_after(QUIET + after, len(QUIET))
    assert settled == pytest.approx(seconds)
    assert not isinstance(settled, Censored)


def test_what_never_settles_is_cut_off():
    assert isinstance(settled_after([*QUIET, *[1.0] * 19, 0.1], len(QUIET)), Censored)
