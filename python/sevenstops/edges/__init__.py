"""Real reverse proxies, one file each."""

from sevenstops.edges.nginx import Nginx

__all__ = ["Nginx"]
