"""What a run keeps of its load."""

from types import SimpleNamespace

import pytest

from sevenstops import LabError, LoadReport, hardened
from sevenstops.evidence.runs import sent_doubt
from sevenstops.lab.environment import Lab
from sevenstops.lab.scenes import plain_scene, what_was_sent
from sevenstops.lab.settings import SideSettings


def test_what_was_due_and_not_sent_is_a_doubt():
    crowd = {"due": 9, "started": 4, "answered": 3, "bytes_sent": 2, "bytes_read": 1}
    counted = {"due": 100, "sent": 90, "answered": 80, "bytes_sent": 70, "bytes_received": 60}
    result = SimpleNamespace(**counted, crowds=[SimpleNamespace(**crowd)])
    plan = SimpleNamespace(crowds=[SimpleNamespace(kind="raw")])
    sent = what_was_sent(LoadReport(plan, result))
    assert sent == {**counted, "crowds": [{"kind": "raw", **crowd}]}
    assert [doubt.text for doubt in sent_doubt(sent)] == [
        "90 of 100 requests were sent", "4 of 9 raw clients were sent",
    ]  # fmt: skip


def test_a_service_that_takes_less_than_its_edge_lets_pass_is_said_at_start():
    lab = Lab("nginx")
    narrow = SideSettings(hardened()).changed({"parse.header_limit": "8192"})
    with (
        pytest.raises(LabError, match="lets heads of 16384 bytes pass, and the service takes 8192"),
        plain_scene(lab, narrow, rows=1),
    ):
        pass
    with plain_scene(lab, narrow, limits_agree=False, rows=1) as scene:
        assert scene.service.settings.get("parse.header_limit") == "8192"
    said = SideSettings(hardened()).saying({"parse.header_limit": "8192"})
    with plain_scene(lab, said, rows=1):
        pass
    with plain_scene(Lab("none"), narrow, rows=1):
        pass
