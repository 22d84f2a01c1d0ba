"""nginx and the hardened service agree on where every request ends."""

import json

import pytest

from support import cli

pytestmark = pytest.mark.alone


def test_nginx_and_the_hardened_service_agree_on_every_case(tmp_path):
    file = tmp_path / "f.json"
    ended = cli("framing", "--edge", "nginx", "--json", str(file))
    assert ended.returncode == 0, ended.stdout + ended.stderr
    document = json.loads(file.read_text())
    assert document["cases"] == 202
    for edge in document["edges"]:
        assert edge["disagreements"]["hardened"] == 0
        assert edge["refused"] + edge["rewritten"] + edge["forwarded"] == 202
        found = {case["id"]: case for case in edge["cases"]}
        # Agreement would be cheap if nothing came through: honest requests do, and are answered.
        honest = [case for name, case in found.items() if name.startswith("ok-post")]
        honest += [found[name] for name in ("ok-chunked", "te-upper", "body-is-request")]
        for case in honest:
            (written,) = case["proxy"]["connections"]
            (heard,) = case["hardened"]["connections"]
            (request,), (answer,) = written["requests"], heard["answers"]
            assert (answer["status"], answer["length"]) == (200, request["length"]), case["id"]
        assert found["clte-te-first"]["outcome"] == "refused"
