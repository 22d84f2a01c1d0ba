"""The C++ core. Times are in seconds, sizes in bytes, unless a name says otherwise."""

from collections.abc import Sequence

from typing_extensions import TypedDict, Unpack

class FieldInfo:
    """One documented setting; `low` and `high` bound its value.

    A choice has `words`, one of which is its value; for other settings there are none.
    """

    @property
    def name(self) -> str: ...
    @property
    def type(self) -> str: ...
    @property
    def unit(self) -> str: ...
    @property
    def low(self) -> float: ...
    @property
    def high(self) -> float: ...
    @property
    def meaning(self) -> str: ...
    @property
    def words(self) -> list[str]: ...

class Settings:
    """The settings of one service: a struct per stop, its fields named "stop.field"."""

    def set(self, name: str, value: str) -> None:
        """Sets one field from text; ValueError for an unknown name or a value out of range."""

    def get(self, name: str) -> str:
        """One field as text, in the form that `set` reads; ValueError for an unknown name."""

    def copy(self) -> Settings: ...

def fragile() -> Settings:
    """The preset that shows every characteristic failure."""

def hardened() -> Settings:
    """The preset that mends them."""

def field_infos() -> list[FieldInfo]:
    """Every setting's documentation, in walking order of the stops."""

class _PhaseFields(TypedDict, total=False):
    kind: str
    duration: float
    rate: float
    rate_end: float | None
    steps: int
    burst: int
    on: float
    off: float
    think: float
    times: list[float]

class Phase:
    """A stretch of a plan in which requests come in one manner; sevenstops.plans has words for it.

    `kind` is constant, poisson, trace (at `times`, seconds from the phase's start) or closed (each
    connection asks again `think` seconds after its answer). `rate` is in requests a second at the
    start, `rate_end` at the end, reached by a ramp or in `steps` equal stairs; `burst` requests
    come at once; `on` and `off` are seconds of arrivals and of silence in turn.
    """

    kind: str
    duration: float
    rate: float
    rate_end: float | None
    steps: int
    burst: int
    on: float
    off: float
    think: float
    times: list[float]
    def __init__(self, **fields: Unpack[_PhaseFields]) -> None: ...

class _RequestFields(TypedDict, total=False):
    name: str
    method: str
    target: str
    headers: list[tuple[str, str]]
    body: str
    body_size: int
    weight: float
    expect: str
    client: str

class RequestSpec:
    """One kind of request in a plan's mix.

    "{1..500}" in `target` stands for a number drawn from that range, "{a|b}" for one of the words.
    `body_size` makes up a body of so many bytes; `expect` is what answers have to hold; `client`
    names the crowd whose kind of client sends it (empty: an honest user).
    """

    name: str
    method: str
    target: str
    headers: list[tuple[str, str]]
    body: str
    body_size: int
    weight: float
    expect: str
    client: str
    def __init__(self, **fields: Unpack[_RequestFields]) -> None: ...

class _CrowdFields(TypedDict, total=False):
    kind: str
    name: str
    target: str
    count: int
    at_most: int
    repeat: bool
    bytes: int
    rate: float
    pause: float
    depth: int
    pieces: list[tuple[str, float]]

class Crowd:
    """Clients beside the honest users: `count` from the start, `at_most` that the mix asks for.

    What each kind does with `bytes`, `rate` (bytes a second; pager: fetches a second), `pause`
    (seconds), `depth` (requests in a row) and `pieces` (text, seconds to wait) `client_kinds`
    tells; with `repeat` each begins again for as long as the load lasts.
    """

    kind: str
    name: str
    target: str
    count: int
    at_most: int
    repeat: bool
    bytes: int
    rate: float
    pause: float
    depth: int
    pieces: list[tuple[str, float]]
    def __init__(self, **fields: Unpack[_CrowdFields]) -> None: ...

class _Http2Fields(TypedDict, total=False):
    streams: int
    stream_window: int
    connection_window: int

class Http2Spec:
    """How HTTP/2 is spoken: streams of a connection, and its windows in bytes."""

    streams: int
    stream_window: int
    connection_window: int
    def __init__(self, **fields: Unpack[_Http2Fields]) -> None: ...

class _PlanFields(TypedDict, total=False):
    seed: int
    arrivals: list[Phase]
    warm_up: float
    cool_down: float
    connections: int
    threads: int
    protocol: str
    keep_alive: bool
    connect_timeout: float
    read_timeout: float
    requests: list[RequestSpec]
    crowds: list[Crowd]
    http2: Http2Spec
    allow: list[str]

class Plan:
    """A seeded, complete description of a load; times in seconds.

    `arrivals` are phases, one after the other. Requests of the `warm_up` are sent and not recorded;
    `cool_down` is how long answers are waited for after the last arrival, before they are lost.
    `protocol` is "http/1.1" or "h2"; `allow` lists hosts beside loopback that may be asked.
    A list that is read from a field is a copy: assign the whole to change it.
    """

    seed: int
    arrivals: list[Phase]
    warm_up: float
    cool_down: float
    connections: int
    threads: int
    protocol: str
    keep_alive: bool
    connect_timeout: float
    read_timeout: float
    requests: list[RequestSpec]
    crowds: list[Crowd]
    http2: Http2Spec
    allow: list[str]
    def __init__(self, **fields: Unpack[_PlanFields]) -> None: ...
    @property
    def duration(self) -> float:
        """The phases' durations, summed."""

    @property
    def closed(self) -> bool:
        """Whether requests wait for answers."""

    def check(self) -> None:
        """ValueError naming the field that makes no sense."""

    def canonical(self) -> str:
        """JSON with every field in a fixed order."""

    def fingerprint(self) -> str:
        """ "sha256:" and the digest of the canonical form without threads and allow, which don't
        change the load.
        """

def plan_from_json(text: str) -> Plan:
    """A plan from JSON; ValueError names a field that is unknown or of the wrong type."""

def client_kinds() -> dict[str, str]:
    """Every kind of client beside the honest users, and what it does."""

def fault_kinds() -> dict[str, str]:
    """Every fault, with how it is given and what it does."""

class Histogram:
    """Latencies from 1 µs to 60 s with three significant digits."""

    def __init__(self) -> None: ...
    def record(self, micros: int, times: int = 1) -> None:
        """Adds a latency in whole microseconds, `times` times."""

    def merge(self, other: Histogram) -> None:
        """Adds the other's samples."""

    def quantile(self, q: float) -> float:
        """The latency that a share `q` (0 to 1) of the samples does not exceed; 0 without any."""

    def slower_than(self, seconds: float) -> int:
        """Samples above `seconds`."""

    def counts(self) -> list[tuple[int, int]]:
        """Each value that was seen, in microseconds and as its step's highest, and how often."""

    def distribution(self) -> list[tuple[float, int]]:
        """The same in seconds: what a figure of all latencies is drawn from, in ascending order."""

    @property
    def total(self) -> int: ...
    @property
    def mean(self) -> float: ...
    @property
    def max(self) -> float: ...

class RequestRecord:
    """What became of one kind of request: times of the answered, outcomes of all.

    `latency` counts from the intended send time, `response` from the actual one; `successful` is
    the latency of the 2xx alone. `due` came due after the warm-up; `sent` of them were begun (a
    connection was there or was being opened), never more than were due: the rest waited for a
    connection, stream or socket until the end. `answered` got a whole final answer. Bytes are those
    that the kernel, under TLS the TLS layer, took and gave, heads included; of HTTP/2 the frames of
    the requests' streams.
    """

    @property
    def latency(self) -> Histogram: ...
    @property
    def response(self) -> Histogram: ...
    @property
    def successful(self) -> Histogram: ...
    @property
    def outcomes(self) -> dict[str, int]: ...
    @property
    def statuses(self) -> dict[int, int]: ...
    @property
    def unexpected(self) -> int: ...
    @property
    def due(self) -> int: ...
    @property
    def sent(self) -> int: ...
    @property
    def answered(self) -> int: ...
    @property
    def bytes_sent(self) -> int: ...
    @property
    def bytes_received(self) -> int: ...

class CrowdClient:
    """What one client of a crowd got: one conversation, one whole fetch of a pager, or one request
    of a keep_alive_user, whose `why` also tells that it had to connect anew.

    `status` is the last answer's (0 for none), `body_bytes` and `sha256` (hex) are those of the
    content without its framing, for a pager of all pages in their order. `whole`: the answer ended
    as its framing says; for a pager: the list's end was reached and every row came exactly once,
    else `why` tells. `seconds` run from the start to the end, for a pager from when the fetch was
    due. `pages` were read, with `rows` distinct ids; `repeated` rows had an id that came before.
    """

    @property
    def status(self) -> int: ...
    @property
    def body_bytes(self) -> int: ...
    @property
    def sha256(self) -> str: ...
    @property
    def whole(self) -> bool: ...
    @property
    def seconds(self) -> float: ...
    @property
    def pages(self) -> int: ...
    @property
    def rows(self) -> int: ...
    @property
    def repeated(self) -> int: ...
    @property
    def why(self) -> str: ...

class CrowdRecord:
    """What became of one crowd, warm-up included; status 0 stands for no answer.

    `due` counts clients: those from the start, each that begins again, and those that the mix asked
    for, whether or not there was one to spare; `started` of them began and `answered` got a status.
    `clients` lists what the kinds that read got (slow_reader, stopped_reader, raw, pager,
    keep_alive_user), 4,096 at most; `clients_cut` counts those beyond. `fetches_due` counts a
    pager's fetches and a keep_alive_user's requests that came due, begun or not.
    """

    @property
    def due(self) -> int: ...
    @property
    def started(self) -> int: ...
    @property
    def answered(self) -> int: ...
    @property
    def statuses(self) -> dict[int, int]: ...
    @property
    def bytes_sent(self) -> int: ...
    @property
    def bytes_read(self) -> int: ...
    @property
    def fetches_due(self) -> int: ...
    @property
    def clients(self) -> list[CrowdClient]: ...
    @property
    def clients_cut(self) -> int: ...

class PhaseRecord:
    """How requests spent their time: connecting, sending, until the first byte, until the last."""

    @property
    def connect(self) -> Histogram: ...
    @property
    def send(self) -> Histogram: ...
    @property
    def first_byte(self) -> Histogram: ...
    @property
    def last_byte(self) -> Histogram: ...

class BlockedRecord:
    """Arrivals held up because no connection (how long: `seconds`), socket or client was free."""

    @property
    def seconds(self) -> Histogram: ...
    @property
    def no_connection(self) -> int: ...
    @property
    def no_socket(self) -> int: ...
    @property
    def no_client(self) -> int: ...

class ClientRecord:
    """How the client itself fared: the engine, how late its timers were, how busy its threads."""

    @property
    def engine(self) -> str: ...
    @property
    def lateness(self) -> Histogram: ...
    @property
    def cpu_seconds(self) -> float: ...
    @property
    def busiest(self) -> float: ...

class Interval:
    """What happened in 100 ms of a load; its quantiles are a twelfth off at most.

    `sent` requests were begun then, each counted once.

    `errors` are the 5xx among the answered.
    """

    @property
    def sent(self) -> int: ...
    @property
    def answered(self) -> int: ...
    @property
    def errors(self) -> int: ...
    @property
    def failed(self) -> int: ...
    def quantile(self, q: float) -> float:
        """The latency that a share `q` of the answers did not exceed; 0 without any."""

    def merge(self, other: Interval) -> None:
        """Adds the other's counts."""

class LoadResult:
    """A load's result; times in seconds. Each of its `requests` came due and has one outcome.

    `due` is the same number; `sent`, `answered` and the bytes are those of `all`. `sending` runs
    from the end of the warm-up to the last send or the plan's end.
    """

    @property
    def fingerprint(self) -> str: ...
    @property
    def duration(self) -> float: ...
    @property
    def sending(self) -> float: ...
    @property
    def requests(self) -> int: ...
    @property
    def due(self) -> int: ...
    @property
    def sent(self) -> int: ...
    @property
    def answered(self) -> int: ...
    @property
    def bytes_sent(self) -> int: ...
    @property
    def bytes_received(self) -> int: ...
    @property
    def warm_up_requests(self) -> int: ...
    @property
    def all(self) -> RequestRecord: ...
    @property
    def phases(self) -> PhaseRecord: ...
    @property
    def blocked(self) -> BlockedRecord: ...
    @property
    def client(self) -> ClientRecord: ...
    @property
    def by_name(self) -> dict[str, RequestRecord]: ...
    @property
    def crowds(self) -> list[CrowdRecord]: ...
    @property
    def series(self) -> list[Interval]: ...

class Target:
    """Where a load goes: a numeric address, a port, the Host that requests name, and TLS.

    `authorities` is a PEM file of certificates to trust beside the system's.
    """

    def __init__(
        self,
        port: int,
        address: str = "127.0.0.1",
        host: str = "sevenstops.test",
        tls: bool = False,
        verify: bool = True,
        authorities: str = "",
    ) -> None: ...
    @property
    def port(self) -> int: ...
    @property
    def address(self) -> str: ...
    @property
    def host(self) -> str: ...

def fetch(target: Target, path: str, patience: float = 5.0) -> tuple[int, str]:
    """Status and body of one GET; RuntimeError when no answer comes within `patience`."""

def post(target: Target, path: str, patience: float = 5.0) -> tuple[int, str]:
    """The same by POST, without a body."""

class LoadRun:
    """A load on its way, in threads of its own, on the engine auto, io_uring or epoll.

    ValueError, before anything is sent, for a plan or an address that makes no sense or is not
    allowed; RuntimeError when nothing answers, or sockets are too few.
    """

    def __init__(self, plan: Plan, target: Target, engine: str = "auto") -> None: ...
    def wait(self, patience: float) -> bool:
        """Waits up to `patience` seconds without the GIL; whether the load has ended."""

    def cancel(self) -> None:
        """Ends all clients; what they had under way is lost."""

    def series(self) -> list[Interval]:
        """What has been counted so far."""

    @property
    def elapsed(self) -> float: ...
    def result(self) -> LoadResult:
        """Waits for the end and gives what all threads recorded."""

class ListenerProbe:
    """A listening socket as sock_diag shows it: queue and backlog in connections."""

    @property
    def queue_depth(self) -> int: ...
    @property
    def backlog(self) -> int: ...
    @property
    def drops(self) -> int: ...

class ProcessProbe:
    """A process as /proc shows it."""

    @property
    def rss_bytes(self) -> int: ...
    @property
    def pss_bytes(self) -> int: ...
    @property
    def cpu_seconds(self) -> float: ...

class OwnNetwork:
    """A network namespace of the calling thread, with lo up, and of what it starts meanwhile.

    Made and left by the same thread; RuntimeError where it isn't allowed.
    """

    def __init__(self) -> None: ...
    def leave(self) -> None:
        """Back to where the thread was, once. RuntimeError where that fails."""

    @staticmethod
    def possible() -> bool:
        """Whether it is allowed, with a net.core.somaxconn that may be written."""

def join_network(namespace: int) -> None:
    """Moves the calling thread into the network namespace of an open descriptor.

    RuntimeError where that isn't allowed.
    """

class LinkPath:
    """One direction of a link."""

    def __init__(
        self,
        *,
        delay: float = 0.0,
        loss: float = 0.0,
        rate: float = 0.0,
        queue: int = 10000,
        seed: int = 1,
    ) -> None:
        """Seconds that a packet is under way, share of packets that are lost, bytes a second (0: no
        bound), most packets under way (one more is lost), seed of the losses.
        """

class LinkCount:
    """What became of one direction's packets."""

    @property
    def carried(self) -> int: ...
    @property
    def lost(self) -> int: ...

class Relay:
    """A link between two TUN devices: packets of each are written to the other, in their order."""

    def __init__(self, near: int, far: int, there: LinkPath, back: LinkPath) -> None:
        """`there` is the path of near's packets, `back` that of far's; the descriptors outlive it.

        ValueError for a path that makes no sense.
        """

    def stop(self) -> None:
        """Ends it: nothing is read of the descriptors any more."""

    def lose_one(self, bytes: int, skipped: int = 0) -> None:
        """Loses one packet of `back`: of those that have at least so many bytes from now on, the
        one after `skipped` others.
        """

    @property
    def there(self) -> LinkCount: ...
    @property
    def back(self) -> LinkCount: ...

def probe_listener(port: int) -> ListenerProbe:
    """The listeners on this port: what waits and was dropped at all of them, and the least backlog;
    RuntimeError when there is none."""

def probe_process(pid: int) -> ProcessProbe:
    """RuntimeError when the process is gone."""

def probe_tcp_ext() -> dict[str, int]:
    """This network namespace's TcpExt counters by name, e.g. ListenOverflows."""

class Frame:
    """What Parse makes of bytes that begin with a request.

    `refused` is the reason's name, "" for what is taken. `head` is its length (0: not whole yet),
    `framing` "none", "length" or "chunked"; `body` what of it is there, without its framing; `used`
    where the next request begins, if the request is `whole`.
    """

    @property
    def refused(self) -> str: ...
    @property
    def method(self) -> bytes: ...
    @property
    def target(self) -> bytes: ...
    @property
    def framing(self) -> str: ...
    @property
    def body(self) -> bytes: ...
    @property
    def head(self) -> int: ...
    @property
    def used(self) -> int: ...
    @property
    def whole(self) -> bool: ...

def frame(bytes: bytes) -> Frame:
    """The request that bytes begin with, as a hardened service reads it; bodies up to 1 MiB."""

def write_json(value: int | float | str) -> str:
    """A number or a text as Serialize writes it in JSON (RFC 8259); null for what JSON can't say.
    Integers have 64 bits.
    """

class RouteMatch:
    """What a router makes of a request: a route's number, a `location` to go to, or a refusal.

    `parameter` is the value of the last parameter or the wildcard. `refused` is the reason's name
    and `status` its status, "" and 0 where there is none. `allow` are the methods of a path, for
    OPTIONS and for 405. `odd`: the path matched in another form than its normal one.
    """

    @property
    def route(self) -> int | None: ...
    @property
    def parameter(self) -> str: ...
    @property
    def location(self) -> str: ...
    @property
    def allow(self) -> str: ...
    @property
    def refused(self) -> str: ...
    @property
    def status(self) -> int: ...
    @property
    def odd(self) -> bool: ...

class Router:
    """A table of routes (method, pattern) without handlers, as `route.tree` and `route.odd_paths`
    say; ValueError names a route that says nothing, or both of two that match the same requests.
    """

    def __init__(self, routes: Sequence[tuple[str, str]], settings: Settings) -> None: ...
    def match(self, method: str, path: str) -> RouteMatch:
        """What becomes of a request for a path, without its query."""

    def match_seconds(self, requests: Sequence[tuple[str, str]], rounds: int) -> float:
        """Seconds that a match takes, without the GIL: those of the fastest of `rounds` rounds over
        all requests (method, path). ValueError for one without a route.
        """
