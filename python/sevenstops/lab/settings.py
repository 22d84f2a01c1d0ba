"""Settings of a service: presets, changes to them, and what differs."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sevenstops import _core
from sevenstops.errors import LabError, core_errors

Settings = _core.Settings


@dataclass(frozen=True)
class SideSettings:
    """The settings of one side of an experiment.

    `said` names those that were said by hand: they win over whatever a scene needs.
    """

    settings: Settings
    said: frozenset[str] = frozenset()

    def changed(self, changes: Mapping[str, str]) -> "SideSettings":
        """A copy with these changes, but for what was said by hand. Raises LabError."""
        copy = self.settings.copy()
        with core_errors():
            for name, value in changes.items():
                if name not in self.said:
                    copy.set(name, value)
        return SideSettings(copy, self.said)

    def saying(self, changes: Mapping[str, str]) -> "SideSettings":
        """A copy with these changes, which from now on win. Raises LabError naming a bad one."""
        copy = SideSettings(self.settings).changed(changes)
        return SideSettings(copy.settings, self.said | changes.keys())

    def as_dict(self) -> dict[str, str]:
        """Every setting's value by its name."""
        return {info.name: self.settings.get(info.name) for info in _core.field_infos()}


def parse_changes(changes: Iterable[str]) -> dict[str, str]:
    """`stop.field=value` as names and values. Raises LabError for what is none."""
    found = {}
    for change in changes:
        name, equals, value = change.partition("=")
        if not equals:
            raise LabError(f"a setting is given as stop.field=value, not '{change}'")
        found[name] = value
    return found


def settings_from(preset: str, changes: Iterable[str]) -> Settings:
    """A preset with `stop.field=value` changes. Raises LabError naming what is wrong with one."""
    presets = {"fragile": _core.fragile, "hardened": _core.hardened}
    if preset not in presets:
        raise LabError(f"unknown preset '{preset}': there are fragile and hardened")
    return SideSettings(presets[preset]()).changed(parse_changes(changes)).settings


def difference(before: Settings, after: Settings) -> dict[str, dict[str, str]]:
    """The fields whose values differ, by name."""
    names = [info.name for info in _core.field_infos()]
    return {
        name: {"before": before.get(name), "after": after.get(name)}
        for name in names
        if before.get(name) != after.get(name)
    }
