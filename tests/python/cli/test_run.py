"""`sevenstops run`: looks, and what is refused before anything is measured."""

import json

import pytest

from support import cli

pytestmark = pytest.mark.alone


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--after", "nosuch.setting=1"], "unknown setting 'nosuch.setting'"),
        (["--before", "route.tree"], "a setting is given as stop.field=value, not 'route.tree'"),
        (["--after", "parse.header_limit=4"], "must lie between 256"),
        (["--after", "route.tree=false", "--save", "x"], "is not kept as a baseline"),
        (["--after", "route.tree=false", "--ablate"], "not with --before or --after"),
    ],
)
def test_a_look_that_makes_no_sense_is_one_sentence(options, sentence):
    ended = cli("run", "shadowed-route", *options)
    assert ended.returncode == 2
    assert sentence in ended.stderr
    assert ended.stderr.count("\n") == 1
    assert not ended.stdout


def test_a_look_is_a_run_that_says_what_it_is():
    ended = cli(
        "run", "shadowed-route", "--edge", "none", "--rounds", "1", "--json", "-", "--runbook",
        "--after", "route.tree=false", "--after", "accept.backlog=77",
    )  # fmt: skip
    assert ended.returncode == 1, ended.stderr
    (evidence,) = json.loads(ended.stdout)["evidence"]
    # The side after has the failure as well, and the runbook's command sees it there.
    assert [(t["before"]["shows"], t["after"]["shows"]) for t in evidence["runbook"]] == [
        (True, True)
    ]
    assert f"the runbook does not tell: {evidence['diagnostics'][0]['symptom']}\n" in ended.stderr
    assert ended.stderr.endswith("0 of 1 commands of the runbook tell the sides apart\n")
    assert evidence["altered"]
    assert evidence["verdict"] != "fixed"
    assert evidence["settings"] == {
        "accept.backlog": {"before": "4096", "after": "77"},
        "route.tree": {"before": "false", "after": "false"},
    }


def test_an_ablation_is_part_of_the_evidence():
    ended = cli(
        "run", "shadowed-route", "--edge", "none", "--rounds", "1", "--json", "-", "--ablate"
    )
    (evidence,) = json.loads(ended.stdout)["evidence"]
    (row,) = evidence["ablation"]
    assert (row["setting"], row["before"], row["after"]) == ("route.tree", "false", "true")
    assert not row["taken_back"]["mended"]
    assert row["alone"]["mended"]
