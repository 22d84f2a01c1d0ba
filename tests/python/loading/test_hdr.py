"""HdrHistogram logs that other tools read."""

from hdrh.log import HistogramLogReader

from sevenstops import Service, load
from sevenstops._core import Histogram
from sevenstops.loading.hdr import from_hdr, to_hdr, write_log


def filled() -> Histogram:
    histogram = Histogram()
    for micros in (0, 1, 2, 1023, 1024, 2047, 2048, 2049, 1_000_000, 59_999_999):
        histogram.record(micros, micros % 7 + 1)
    return histogram


def test_every_count_arrives():
    histogram = filled()
    hdr = to_hdr(histogram)
    assert hdr.get_total_count() == histogram.total
    for micros, count in histogram.counts():
        assert hdr.get_count_at_value(micros) == count
    assert from_hdr(hdr.encode()).counts() == histogram.counts()


def test_parts_of_two_processes_merge_to_the_whole():
    whole = from_hdr(to_hdr(filled()).encode())
    whole.merge(filled())
    assert [(v, 2 * n) for v, n in filled().counts()] == whole.counts()


def test_another_tool_reads_the_log(tmp_path):
    path = tmp_path / "load.hdr"
    with Service() as service:
        report = load(f"{service.url}/healthz", rate=500, duration=0.4, connections=4)
    write_log(report, path)
    reader = HistogramLogReader(str(path), to_hdr(Histogram()))
    seen = {}
    while histogram := reader.get_next_interval_histogram():
        seen[histogram.get_tag()] = histogram
    assert seen["all"].get_total_count() == 200
    p99 = seen["all"].get_value_at_percentile(99)
    assert abs(p99 - report.latency.quantile(0.99) * 1e6) <= 1 + p99 / 1000
    assert {"response", "request=request", "phase=connect", "phase=last_byte"} < seen.keys()
