"""Whether a reverse proxy and the service behind it agree on where a request ends."""
