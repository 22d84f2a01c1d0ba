"""The seven stops, in walking order."""

STOPS = ("accept", "parse", "route", "middleware", "handle", "serialize", "drain")

HAPPENS = {
    "accept": "the kernel completes the handshake; the process takes the socket",
    "parse": "bytes become a request line, headers, a body",
    "route": "method and path choose one handler",
    "middleware": "cross-cutting layers run in order",
    "handle": "the handler waits for data and other services",
    "serialize": "the result becomes bytes",
    "drain": "bytes leave at the client's pace",
}
"""What a request meets at each stop."""
