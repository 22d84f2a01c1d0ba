"""The entry point: commands, and what goes wrong in one sentence."""

import importlib
import os
import signal
import sys
from typing import Any, NoReturn

import typer
from typer.core import TyperGroup
from typer.main import get_command

from sevenstops.errors import LabError, SaidError

COMMANDS = {
    "run": "Measure failures before and after their fix, under identical load.",
    "sweep": "Measure over a range: fan-outs, hedge points, loads, and what ends an overload.",
    "framing": "Prove that proxies and the service behind them agree where a request ends.",
    "report": "Write report, lifecycle map and runbook of evidence that was measured before.",
    "compare": "Tell what got worse since a baseline: of other evidence, or of a run made now.",
    "serve": "Run the service until Ctrl-C.",
    "load": "Send a load and tell what became of it; latency counts from the intended send time.",
    "list": "List what there is: failures, sweeps, settings, crowds, edges or faults.",
}
"""Each is a module of this room with a function `command`, whose docstring begins like this."""

# Click's own exception, whether typer depends on click or carries it.
CommandLineError: type[Exception] = typer.BadParameter.__mro__[2]


INTERRUPTED = 128 + signal.SIGINT


class Commands(TyperGroup):
    """Loads a command when it is called, and none to list them."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Their names, in the order of the help."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """One command; None when there is none of this name."""
        if cmd_name not in COMMANDS:
            return None
        one = typer.Typer(add_completion=False, rich_markup_mode=None)
        one.command(cmd_name)(importlib.import_module(f"sevenstops.cli.{cmd_name}").command)
        return get_command(one)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """The help's list of them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


app = typer.Typer(
    cls=Commands,
    add_completion=False,
    pretty_exceptions_enable=False,
    # Without markup the help needs no rich, which takes longer to import than all the rest.
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="How an HTTP service fails at each of its seven stops, and what mends it: measured.",
)


@app.callback()
def nothing() -> None:
    """Commands only: there is nothing to say before them."""


def main() -> NoReturn:
    """What goes wrong outside the lab is one sentence and a non-zero exit."""
    # Ends as an exception does, so that every child and folder goes with it.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
    try:
        code = app(sys.argv[1:] or ["--help"], standalone_mode=False)
    except SaidError:
        code = 2
    except LabError as error:
        print(f"sevenstops: {error}", file=sys.stderr)
        code = 2
    except CommandLineError as error:
        words = " ".join(error.format_message().split())  # type: ignore[attr-defined]
        print(f"sevenstops: {words}", file=sys.stderr)
        code = 2
    except (KeyboardInterrupt, typer.Abort):
        code = INTERRUPTED
    except BrokenPipeError:
        # The reader has left; what is still buffered has nowhere to go.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 1
    except OSError as error:
        print(f"sevenstops: {error.strerror or error}", file=sys.stderr)
        code = 2
    # Newer typers give this code for Ctrl-C, older ones pass the exception on.
    if code == INTERRUPTED:
        print("sevenstops: interrupted", file=sys.stderr)
    sys.exit(code if isinstance(code, int) else 0)


if __name__ == "__main__":
    main()
