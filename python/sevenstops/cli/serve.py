"""`sevenstops serve`: runs the service."""

import os
import signal
import sys
from pathlib import Path
from typing import Annotated

import typer

from sevenstops.errors import LabError
from sevenstops.lab.service import TOKEN_VARIABLE, Service, ServiceOptions
from sevenstops.lab.settings import settings_from

TAKE_OVER = "accept.take_over=true"


def command(
    preset: Annotated[str, typer.Option(help="fragile or hardened.")] = "hardened",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0: any that is free.")] = 8080,
    admin_port: Annotated[int, typer.Option(min=0, max=65535, help="Of /metrics and /stops.")] = 0,
    threads: Annotated[int, typer.Option(min=0, max=1024, help="0: one per processor.")] = 0,
    rows: Annotated[int, typer.Option(min=0, max=10_000_000, help="Orders to serve.")] = 20000,
    access_log: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A line for each request goes here.")
    ] = None,
    token_file: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help=f"The token of protected routes is in it; without, in ${TOKEN_VARIABLE}, or made.",
        ),
    ] = None,
    tls: Annotated[
        tuple[Path, Path] | None,
        typer.Option(
            metavar="CERT KEY", help="The port speaks TLS, and nothing else; both files are PEM."
        ),
    ] = None,
    take_over: Annotated[
        bool,
        typer.Option(
            "--take-over",
            help="Share the port with the service there; end that one with SIGTERM then.",
        ),
    ] = False,
    changes: Annotated[
        list[str] | None, typer.Option("--set", metavar="STOP.FIELD=VALUE", help="A setting.")
    ] = None,
) -> None:
    """Run the service until Ctrl-C.

    It ends by SIGTERM and SIGHUP too, and requests in progress get `drain.grace` seconds then.
    """
    settings = settings_from(preset, [*(changes or []), *([TAKE_OVER] if take_over else [])])
    token = token_from(token_file)
    options = ServiceOptions(
        port,
        admin_port,
        threads,
        rows,
        access_log=access_log,
        token=token,
        shares_stderr=True,
        tls=tls,
    )
    with Service(settings, options) as service:
        try:
            if token is None:
                print(f"The token of protected routes is {service.token}", file=sys.stderr)
            print(f"{preset} service on {service.url}")
            print(f"/metrics and /stops on http://127.0.0.1:{service.admin_port}", flush=True)
            code = service.process.popen.wait()
        except SystemExit:
            service.process.popen.terminate()
            service.process.popen.wait()
            return
    how = signal.Signals(-code).name if code < 0 else f"exit code {code}"
    raise LabError(f"the service ended by itself ({how})")


def token_from(file: Path | None) -> str | None:
    """The token that was given, in a file or in the environment; None where none was."""
    if file is None:
        return os.environ.get(TOKEN_VARIABLE) or None
    try:
        token = file.read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise LabError(f"{file} can't be read: {error}") from error
    if not token or not token.isascii() or not token.isprintable() or " " in token:
        raise LabError(f"{file} has to hold one token: one line of printable ASCII, no spaces")
    return token
