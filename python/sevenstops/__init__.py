"""How an HTTP service fails at each of its seven stops, and what mends it: measured."""

from sevenstops._core import FieldInfo, Settings, field_infos, fragile, hardened

__all__ = ["FieldInfo", "Settings", "field_infos", "fragile", "hardened"]
