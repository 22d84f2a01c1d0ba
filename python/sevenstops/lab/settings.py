"""Settings of a service: presets, changes to them, and what differs."""

from collections.abc import Iterable

from sevenstops import _core
from sevenstops.errors import LabError, core_errors

Settings = _core.Settings


def settings_with(base: Settings, stop: str, other: Settings) -> Settings:
    """A copy of `base` with one stop's settings taken from `other`."""
    mixed = base.copy()
    for info in _core.field_infos():
        if info.name.startswith(stop + "."):
            mixed.set(info.name, other.get(info.name))
    return mixed


def settings_from(preset: str, changes: Iterable[str]) -> Settings:
    """A preset with `stop.field=value` changes. Raises LabError naming what is wrong with one."""
    presets = {"fragile": _core.fragile, "hardened": _core.hardened}
    if preset not in presets:
        raise LabError(f"unknown preset '{preset}': there are fragile and hardened")
    settings = presets[preset]()
    for change in changes:
        name, equals, value = change.partition("=")
        if not equals:
            raise LabError(f"a setting is given as stop.field=value, not '{change}'")
        with core_errors():
            settings.set(name, value)
    return settings


def difference(before: Settings, after: Settings) -> dict[str, dict[str, str]]:
    """The fields whose values differ, by name."""
    names = [info.name for info in _core.field_infos()]
    return {
        name: {"before": before.get(name), "after": after.get(name)}
        for name in names
        if before.get(name) != after.get(name)
    }
