"""Intervals and trends of samples."""

import itertools
import math
import statistics
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from sevenstops._core import Histogram


def medians(samples: list[float]) -> tuple[np.ndarray, np.ndarray]:
    """The medians that resamples of `samples` have, and how often each comes up.

    Every resample of up to five samples, 4,000 of more. An odd number of samples has no more
    medians than samples, so counting them makes two sides quick to hold against each other.
    """
    if len(samples) <= 5:
        draws = np.array(list(itertools.product(samples, repeat=len(samples))))
    else:
        draws = np.random.default_rng(7).choice(samples, size=(4000, len(samples)))
    values, counts = np.unique(np.median(draws, axis=1), return_counts=True)
    return values, counts


def effect(before: list[float], after: list[float]) -> dict[str, Any]:
    """The 95 % percentile-bootstrap interval (Efron and Tibshirani, *An Introduction to the
    Bootstrap*, 13.3) of the ratio after/before of the medians, or of their difference where a
    sample before is not above 0.
    """
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


def drifts(samples: list[float]) -> bool:
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
