"""Histograms for other tools: HdrHistogram V2 logs, written by the hdrhistogram package."""

import re
from pathlib import Path

from hdrh.histogram import HdrHistogram

from sevenstops import _core
from sevenstops.evidence.files import write_whole
from sevenstops.loading.running import LoadReport

LOWEST, HIGHEST, DIGITS = 1, 60_000_000, 3


def to_hdr(histogram: _core.Histogram) -> HdrHistogram:
    """The same counts in microseconds as an HdrHistogram, to the last one."""
    made = HdrHistogram(LOWEST, HIGHEST, DIGITS)
    for micros, count in histogram.counts():
        made.record_value(micros, count)
    return made


def from_hdr(text: bytes) -> _core.Histogram:
    """A histogram from HdrHistogram's V2 encoding (compressed, base64); merges as any other."""
    decoded = HdrHistogram.decode(text)
    made = _core.Histogram()
    for item in decoded.get_recorded_iterator():
        made.record(int(item.value_iterated_to), int(item.count_added_in_this_iter_step))
    return made


def write_log(report: LoadReport, path: Path) -> None:
    """Writes a log with a line for each kind of request and each phase, in microseconds.

    The tags say which: `all`, `request=NAME`, `phase=connect`, … Raises LabError.
    """
    result = report.result
    lines = {"all": result.all.latency, "response": result.all.response}
    lines |= {f"request={name}": r.latency for name, r in result.by_name.items()}
    lines |= {f"phase={name}": histogram for name, histogram in report.phases.items()}
    text = [
        "#[Histogram log format version 1.2]",
        '"StartTimestamp","Interval_Length","Interval_Max","Interval_Compressed_Histogram"',
    ]
    for tag, histogram in lines.items():
        # The format parts fields by commas and knows no escape; the package's writer, no tags.
        safe = re.sub(r"[,\s]", "_", tag)
        encoded = to_hdr(histogram).encode().decode()
        text.append(f"Tag={safe},0.000,{result.duration:.3f},{histogram.max * 1e6:.0f},{encoded}")
    write_whole(path, "\n".join(text) + "\n")
