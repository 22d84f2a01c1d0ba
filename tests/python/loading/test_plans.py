"""Plans as data."""

from pathlib import Path

import pytest

from sevenstops import (
    Crowd,
    LabError,
    Phase,
    Plan,
    RequestSpec,
    burst,
    client_kinds,
    closed,
    constant,
    on_off,
    poisson,
    ramp,
    read_plan,
    steps,
    trace,
    write_plan,
)  # fmt: skip
from sevenstops.loading.plans import plan_from_dict, plan_to_dict


def everything() -> Plan:
    return Plan(
        seed=3,
        arrivals=[
            constant(10, 1), poisson(1 / 3, 2), ramp(0, 50, 3), steps(10, 30, 3, 3),
            burst(5, 0.5, 1), on_off(100, 0.1, 0.4, 1), trace([0.5, 0.25]),
        ],
        warm_up=0.5,
        connections=3,
        requests=[
            RequestSpec(name="a", target="/x/{1..9}", headers=[("A", "b c")], weight=2.5),
            RequestSpec(name="b", method="POST", body="ü\n", client="flood"),
        ],
        crowds=[
            Crowd(kind="connection_flood", name="flood", count=0),
            Crowd(kind="raw", pieces=[("GET / HTTP/1.1\r\n", 0.5), ("\r\n", 0)]),
        ],
        allow=["example.test"],
    )  # fmt: skip


@pytest.mark.parametrize("ending", ["toml", "json"])
def test_a_file_gives_back_what_was_written(tmp_path, ending):
    path = tmp_path / f"plan.{ending}"
    plan = everything()
    plan.check()
    write_plan(plan, path)
    again = read_plan(path)
    assert again == plan
    assert again.fingerprint() == plan.fingerprint()
    assert again.duration == pytest.approx(11.501)


def test_what_is_not_said_keeps_its_default():
    plan = plan_from_dict({"arrivals": [{"rate": 5, "duration": 2}]})
    assert plan == Plan(arrivals=[constant(5, 2)])
    assert plan_to_dict(plan)["read_timeout"] == 10


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"rythm": 1}, "plan: rythm is not a field"),
        ({"arrivals": [{"rate": -3}]}, r"plan: arrivals\[0\]\.rate must lie between 0 and 1e7"),
        ({"arrivals": [{"rate": 3, "duration": 0}]}, r"arrivals\[0\]\.duration must lie above 0"),
        ({"arrivals": [{"rate": 3}], "requests": [{"weight": -1}]}, r"requests\[0\]\.weight"),
        ({"arrivals": []}, "arrivals must have at least one phase"),
        ({"arrivals": "constant"}, "arrivals must be a list"),
    ],
)
def test_a_field_that_is_wrong_is_named(fields, sentence):
    with pytest.raises(LabError, match=sentence):
        plan_from_dict(fields)


def test_a_file_that_is_no_plan_is_one_sentence(tmp_path):
    bad = tmp_path / "bad.toml"
    bad.write_text("arrivals = [")
    with pytest.raises(LabError, match=r"bad\.toml is not TOML"):
        read_plan(bad)
    with pytest.raises(LabError, match="cannot be read"):
        read_plan(tmp_path / "none.json")
    with pytest.raises(LabError, match=r"ends in \.toml or \.json"):
        read_plan(Path("plan.yaml"))


def test_a_trace_is_read_from_a_file(tmp_path):
    path = tmp_path / "times"
    path.write_text("0.5\n0.1\n")
    assert trace(path).times == [0.1, 0.5]
    path.write_text("noon\n")
    with pytest.raises(LabError, match="one number on each line"):
        trace(path)


def test_fields_are_known():
    with pytest.raises(TypeError, match="no field 'rhythm'"):
        Phase(rhythm=1)
    assert closed(2, think=0.5).think == 0.5
    assert {"connection_flood", "slow_header", "pipeliner"} < client_kinds().keys()
