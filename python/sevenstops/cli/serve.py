"""`sevenstops serve`: runs the service."""

from pathlib import Path
from typing import Annotated

import typer

from sevenstops.errors import LabError
from sevenstops.lab.service import Service, ServiceOptions
from sevenstops.lab.settings import settings_from


def command(
    preset: Annotated[str, typer.Option(help="fragile or hardened.")] = "hardened",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0: any that is free.")] = 8080,
    admin_port: Annotated[int, typer.Option(min=0, max=65535, help="Of /metrics and /stops.")] = 0,
    threads: Annotated[int, typer.Option(min=0, max=1024, help="0: one per processor.")] = 0,
    rows: Annotated[int, typer.Option(min=0, max=10_000_000, help="Orders to serve.")] = 20000,
    access_log: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A line for each request goes here.")
    ] = None,
    changes: Annotated[
        list[str] | None, typer.Option("--set", metavar="STOP.FIELD=VALUE", help="A setting.")
    ] = None,
) -> None:
    """Run the service until Ctrl-C."""
    settings = settings_from(preset, changes or [])
    options = ServiceOptions(port, admin_port, threads, rows, access_log=access_log)
    with Service(settings, options) as service:
        print(f"{preset} service on {service.url}")
        print(f"/metrics and /stops on http://127.0.0.1:{service.admin_port}", flush=True)
        service.process.popen.wait()
    raise LabError("the service ended by itself")
