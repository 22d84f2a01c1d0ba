"""A load on a terminal: while it runs, and as a summary that is read in ten seconds."""

import time
from collections.abc import Callable, Sequence

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from sevenstops import _core
from sevenstops.evidence.quantities import human, three_digits
from sevenstops.lab.stoppable import Stoppable
from sevenstops.loading.running import QUANTILES, LoadReport

BLOCKS = " ▁▂▃▄▅▆▇█"
CHART_WIDTH = 60
# What stands before a chart: its name, a number, and the room between them.
BEFORE_CHART = 28
# Plain lines, where there is no terminal, come this far apart.
PLAIN_SECONDS = 5.0
BAR_WIDTH = 32


def sparkline(values: Sequence[float], width: int = CHART_WIDTH) -> str:
    """The last values as blocks of an eighth of the largest."""
    last = list(values)[-width:]
    largest = max(last, default=0)
    if largest <= 0:
        return BLOCKS[0] * len(last)
    return "".join(BLOCKS[round(v / largest * (len(BLOCKS) - 1))] for v in last)


def total(intervals: Sequence[_core.Interval]) -> _core.Interval | None:
    """The intervals' sum; nothing of nothing. The first one is changed."""
    if not intervals:
        return None
    first, *others = intervals
    for other in others:
        first.merge(other)
    return first


class LoadScreen(Stoppable):
    """Follows a load: a screen on a terminal until its end, a line now and then elsewhere."""

    def __init__(self, console: Console) -> None:
        """`console` is where it is shown."""
        self._console = console
        self._live = Live(console=console, transient=True, auto_refresh=False)
        self._next_line = time.monotonic() + PLAIN_SECONDS
        if console.is_terminal:
            self._live.start()

    def show(self, run: _core.LoadRun) -> None:
        """Looks at the load and shows it."""
        if self._console.is_terminal:
            self._live.update(self._picture(run), refresh=True)
        elif time.monotonic() >= self._next_line:
            self._next_line += PLAIN_SECONDS
            second = total(run.series()[-11:-1])
            if second:
                self._console.print(
                    f"{run.elapsed:.0f} s: {second.answered}/s answered, {second.failed}/s failed, "
                    f"p99 {human(second.quantile(0.99), 'seconds')}",
                    highlight=False,
                )

    def _picture(self, run: _core.LoadRun) -> Group:
        series = run.series()
        # The newest interval is still being filled.
        whole = series[:-1]
        rates = [i.answered * 10.0 for i in whole]
        p99s = [i.quantile(0.99) for i in whole]
        second = total(run.series()[-11:-1])
        everything = total(series)
        if not second or not everything:
            return Group(Text(f"{run.elapsed:.1f} s, nothing answered yet"))
        width = max(8, min(CHART_WIDTH, self._console.width - BEFORE_CHART))
        table = Table.grid(padding=(0, 2))
        table.add_row("elapsed", f"{run.elapsed:.1f} s")
        table.add_row("rate", f"{second.answered:,}/s", sparkline(rates, width))
        times = "  ".join(
            f"{name} {human(second.quantile(q), 'seconds')}" for name, q in QUANTILES.items()
        )
        table.add_row("p99", human(p99s[-1] if p99s else 0, "seconds"), sparkline(p99s, width))
        table.add_row("answered", f"{everything.answered:,}")
        table.add_row("failed", Text(f"{everything.failed:,}", "red" if everything.failed else ""))
        return Group(table, Text(f"last second: {times}"))

    def _end(self) -> None:
        self._live.stop()


def print_load(report: LoadReport, console: Console) -> None:
    """A load's result: what was sent, how it ended, how long it took, whether to believe it."""
    result = report.result
    say = _sayer(console)
    unsent = result.due - result.sent
    say(
        f"{result.requests:,} requests in {human(result.duration, 'seconds')}, "
        f"{f'of which {unsent:,} were never sent, ' if unsent else ''}"
        f"{three_digits(report.rate)}/s ({result.client.engine})"
    )
    say("outcomes: " + ", ".join(f"{k} {n:,}" for k, n in sorted(report.outcomes.items())))
    latency = report.latency
    if latency.total:
        longest = max(latency.max, 1e-9)
        for name, q in (*QUANTILES.items(), ("max", 1.0)):
            value = latency.quantile(q)
            bar = "█" * max(1, round(value / longest * BAR_WIDTH))
            say(f"  {name:>4} {human(value, 'seconds'):>9} {bar}")
        intended, actual = latency.quantile(0.99), result.all.response.quantile(0.99)
        say(
            f"p99 from the intended time {human(intended, 'seconds')}, "
            f"from the actual send {human(actual, 'seconds')}"
        )
    blocked = result.blocked
    if blocked.no_connection or blocked.no_client or blocked.no_socket:
        say(
            f"blocked: {blocked.no_connection:,} for want of a connection "
            f"(p99 {human(blocked.seconds.quantile(0.99), 'seconds')}), "
            f"{blocked.no_socket:,} of a socket, {blocked.no_client:,} of a misbehaving client"
        )
    for crowd, record in zip(report.plan.crowds, result.crowds, strict=True):
        answers = ", ".join(f"{k or 'no answer'} {n:,}" for k, n in record.statuses.items())
        say(f"{crowd.name or crowd.kind}: {record.started:,} started; {answers}")
    if report.saturation:
        say(f"beware: the client itself may have been the bottleneck: {report.saturation}")


def _sayer(console: Console) -> Callable[[str], None]:
    def say(line: str) -> None:
        console.print(line, highlight=False, markup=False)

    return say
