"""The C++ core. Times are in seconds, sizes in bytes, unless a name says otherwise."""

from typing import ClassVar

from typing_extensions import TypedDict, Unpack

class FieldInfo:
    """One documented setting; `low` and `high` bound its value."""

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

class Arrivals:
    """When requests come: as answers do (closed), or at their own times (open loop)."""

    closed: ClassVar[Arrivals]
    constant: ClassVar[Arrivals]
    poisson: ClassVar[Arrivals]
    burst: ClassVar[Arrivals]
    @property
    def name(self) -> str: ...

class _RequestFields(TypedDict, total=False):
    name: str
    method: str
    target: str
    headers: list[tuple[str, str]]
    body: str
    weight: float
    expect: str

class RequestSpec:
    """One kind of request in a plan's mix; `expect` is what its answers have to hold."""

    name: str
    method: str
    target: str
    headers: list[tuple[str, str]]
    body: str
    weight: float
    expect: str
    def __init__(self, **fields: Unpack[_RequestFields]) -> None: ...

class _CrowdFields(TypedDict, total=False):
    kind: str
    target: str
    count: int
    bytes: int
    rate: float

class Crowd:
    """`count` clients that misbehave: endless_header, endless_body (each sends up to `bytes`) or
    slow_reader (each reads `rate` bytes a second).
    """

    kind: str
    target: str
    count: int
    bytes: int
    rate: float
    def __init__(self, **fields: Unpack[_CrowdFields]) -> None: ...

class _PlanFields(TypedDict, total=False):
    seed: int
    arrivals: Arrivals
    rate: float
    burst_size: int
    burst_period: float
    duration: float
    connections: int
    threads: int
    keep_alive: bool
    connect_timeout: float
    read_timeout: float
    requests: list[RequestSpec]
    crowds: list[Crowd]

class Plan:
    """A seeded, complete description of a load.

    `rate` is in requests a second; bursts are `burst_size` requests at once every `burst_period`.
    """

    seed: int
    arrivals: Arrivals
    rate: float
    burst_size: int
    burst_period: float
    duration: float
    connections: int
    threads: int
    keep_alive: bool
    connect_timeout: float
    read_timeout: float
    requests: list[RequestSpec]
    crowds: list[Crowd]
    def __init__(self, **fields: Unpack[_PlanFields]) -> None: ...
    def check(self) -> None:
        """ValueError naming the field that makes no sense."""

    def canonical(self) -> str:
        """JSON with every field in a fixed order, threads left out: they don't change the load."""

    def fingerprint(self) -> str:
        """ "sha256:" and the digest of the canonical form."""

class Histogram:
    """Latencies from 1 µs to 60 s with three significant digits."""

    def __init__(self) -> None: ...
    def record(self, micros: int) -> None:
        """Adds one latency in whole microseconds."""

    def merge(self, other: Histogram) -> None:
        """Adds the other's samples."""

    def quantile(self, q: float) -> float:
        """The latency that a share `q` (0 to 1) of the samples does not exceed; 0 without any."""

    def slower_than(self, seconds: float) -> int:
        """Samples above `seconds`."""

    @property
    def total(self) -> int: ...
    @property
    def mean(self) -> float: ...
    @property
    def max(self) -> float: ...

class RequestRecord:
    """What became of one kind of request: latency of the answered, outcomes of all."""

    @property
    def latency(self) -> Histogram: ...
    @property
    def outcomes(self) -> dict[str, int]: ...
    @property
    def statuses(self) -> dict[int, int]: ...
    @property
    def unexpected(self) -> int: ...

class CrowdRecord:
    """What became of one crowd; status 0 stands for no answer."""

    @property
    def statuses(self) -> dict[int, int]: ...
    @property
    def bytes_sent(self) -> int: ...
    @property
    def bytes_read(self) -> int: ...

class LoadResult:
    """A load's result. Latency counts from the intended send time."""

    @property
    def fingerprint(self) -> str: ...
    @property
    def duration(self) -> float: ...
    @property
    def requests(self) -> int: ...
    @property
    def all(self) -> RequestRecord: ...
    @property
    def connect(self) -> Histogram: ...
    @property
    def by_name(self) -> dict[str, RequestRecord]: ...
    @property
    def crowds(self) -> list[CrowdRecord]: ...

class Target:
    """Where a load goes: a numeric address, a port, and the Host that requests name."""

    def __init__(
        self, port: int, address: str = "127.0.0.1", host: str = "sevenstops.test"
    ) -> None: ...
    @property
    def port(self) -> int: ...
    @property
    def address(self) -> str: ...
    @property
    def host(self) -> str: ...

def fetch(target: Target, path: str, patience: float = 5.0) -> tuple[int, str]:
    """Status and body of one GET; RuntimeError when no answer comes within `patience`."""

def run_load(plan: Plan, target: Target) -> LoadResult:
    """Sends the plan's load and waits for its end, without the GIL; Ctrl-C ends it at once.

    ValueError for a plan or an address that makes no sense, RuntimeError when nothing answers.
    """

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

def probe_listener(port: int) -> ListenerProbe:
    """The listeners on this port, summed; RuntimeError when there is none."""

def probe_process(pid: int) -> ProcessProbe:
    """RuntimeError when the process is gone."""

def probe_tcp_ext() -> dict[str, int]:
    """This network namespace's TcpExt counters by name, e.g. ListenOverflows."""
