"""What a run keeps of its load."""

from types import SimpleNamespace

from sevenstops import LoadReport
from sevenstops.evidence.runs import sent_doubt
from sevenstops.lab.scenes import what_was_sent


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
