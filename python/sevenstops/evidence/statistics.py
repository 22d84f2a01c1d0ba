"""Intervals and trends of samples."""

import itertools
import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

    from sevenstops._core import Histogram


FEWEST = 5
"""Runs of a side that an interval needs; the range of fewer is just their extremes."""
LEVEL = 1 - 2 * 0.5**FEWEST
"""What the lowest and highest of five runs cover their median with: 0.94."""


@dataclass(frozen=True)
class Range:
    """Where the median of some samples lies.

    From `FEWEST` samples on an interval by order statistics, without a guess at their distribution
    (Hahn and Meeker, *Statistical Intervals*, 5.2), with the `level` that it has; of fewer the
    lowest and the highest, and no level.
    """

    low: float
    high: float
    level: float | None

    @property
    def kind(self) -> str:
        """`interval` or `extremes`, as the evidence contract has it."""
        return "extremes" if self.level is None else "interval"


def range_of(samples: Sequence[float]) -> Range:
    """The range of the median: the narrowest pair of order statistics whose level is LEVEL or more.

    Le Boudec, *Performance Evaluation of Computer and Communication Systems*, table A.1.
    """
    ordered = sorted(samples)
    n = len(ordered)
    if n < FEWEST:
        return Range(ordered[0], ordered[-1], None)
    level, cut = 1.0, 0
    tail = 0.0
    # How likely it is that at most k of n samples lie below the median.
    for k in range(n // 2):
        tail += math.comb(n, k) * 0.5**n
        if 1 - 2 * tail < LEVEL:
            break
        level, cut = 1 - 2 * tail, k
    return Range(ordered[cut], ordered[n - 1 - cut], level)


def effect(before: Sequence[float], after: Sequence[float]) -> dict[str, Any]:
    """The range of after/before over pairs of runs, which share plan and seed; of after - before
    where a sample before is not above 0. As the evidence contract has it.
    """
    kind = "ratio" if min(before) > 0 else "difference"
    pairs = [
        new / old if kind == "ratio" else new - old for old, new in zip(before, after, strict=True)
    ]
    found = range_of(pairs)
    return {
        "kind": kind,
        "low": found.low,
        "high": found.high,
        "kind_of_range": found.kind,
        "level": found.level,
    }


def medians(samples: Sequence[float]) -> "tuple[np.ndarray, np.ndarray]":
    """The medians that resamples of `samples` have, and how often each comes up.

    Every resample of up to five samples, 4,000 of more. An odd number of samples has no more
    medians than samples, so counting them makes two sides quick to hold against each other.
    """
    import numpy as np

    if len(samples) <= 5:
        draws = np.array(list(itertools.product(samples, repeat=len(samples))))
    else:
        draws = np.random.default_rng(7).choice(samples, size=(4000, len(samples)))
    values, counts = np.unique(np.median(draws, axis=1), return_counts=True)
    return values, counts


def bootstrap(before: Sequence[float], after: Sequence[float]) -> dict[str, Any]:
    """The 95 % percentile-bootstrap interval (Efron and Tibshirani, *An Introduction to the
    Bootstrap*, 13.3) of the ratio after/before of the medians, or of their difference where a
    sample before is not above 0. For samples that were not taken in pairs.
    """
    import numpy as np

    kind = "ratio" if min(before) > 0 else "difference"
    old, old_counts = medians(before)
    new, new_counts = medians(after)
    pairs = (new[:, None] / old if kind == "ratio" else new[:, None] - old).ravel()
    weights = (new_counts[:, None] * old_counts).ravel()
    order = np.argsort(pairs)
    share = np.cumsum(weights[order]) / weights.sum()
    low, high = (float(pairs[order][np.searchsorted(share, q)]) for q in (0.025, 0.975))
    return {"kind": kind, "low": low, "high": high}


DRIFT_SAMPLES = 8
"""Fewer samples of a side can't show a drift at the 1 % level with any power."""


def drifts(samples: Sequence[float]) -> bool:
    """Whether the samples of one side, in the order of their runs, have a trend.

    With DRIFT_SAMPLES of them or more, Kendall's rank correlation with the order of the runs is
    significant at 1 % (Mann, *Nonparametric Tests Against Trend*) and the medians of the halves
    differ by more than a tenth.
    """
    if len(samples) < DRIFT_SAMPLES or min(samples) == max(samples):
        return False
    # scipy takes longer to import than most runs need it.
    from scipy import stats

    trend = stats.kendalltau(range(len(samples)), samples)
    half = len(samples) // 2
    early, late = statistics.median(samples[:half]), statistics.median(samples[-half:])
    return bool(trend.pvalue < 0.01 and abs(late - early) > 0.1 * max(abs(early), abs(late)))


def quantile_interval(histogram: "Histogram", q: float, confidence: float) -> tuple[float, float]:
    """Bounds in seconds of a quantile, by order statistics of its samples; endless without any.

    Distribution-free (Hahn and Meeker, *Statistical Intervals*, 5.2). The samples of one run are
    taken as independent, which latencies of one service seldom are: a narrow interval says that
    there were many requests, not that another run would give the same.
    """
    n = histogram.total
    if n == 0:
        return math.inf, math.inf
    from scipy import stats

    tail = (1 - confidence) / 2
    ranks = stats.binom.ppf([tail, 1 - tail], n, q)
    low, high = (min(max(rank, 0), n) / n for rank in (ranks[0], ranks[1] + 1))
    return histogram.quantile(low), histogram.quantile(high)
