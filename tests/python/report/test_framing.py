"""The framing matrix on a screen and as a report."""

from sevenstops.report.framing import framing_lines, write_framing


def made_up(words: str = "") -> dict:
    def understood(said):
        return {"connections": [], "disagreement": said}

    case = {
        "id": "clte-cl-first", "outcome": "forwarded", "how": [], "proxy": {"connections": []},
        "fragile": understood("all wrong"), "hardened": understood(words),
    }  # fmt: skip
    edges = [
        {
            "name": "haproxy", "version": "2.6.12", "configuration": which, "refused": 100,
            "rewritten": 1, "forwarded": 101, "cases": [case],
            "disagreements": {"fragile": 1, "hardened": int(bool(words))},
        }
        for which in ("stock", "hardened")
    ]  # fmt: skip
    return {"schema": "sevenstops.framing/1", "cases": 202, "edges": edges}


def test_the_table_fits_a_screen_and_ends_with_what_the_hardened_service_misread():
    lines = list(framing_lines(made_up("body 1: the proxy wrote 6 bytes, the service read 0")))
    assert max(map(len, lines)) <= 80
    assert lines[0].split() == [
        "edge", "version", "config", "refused", "rewritten", "forwarded", "fragile",
        "hardened",
    ]  # fmt: skip
    assert lines[1].split() == ["haproxy", "2.6.12", "stock", "100", "1", "101", "1", "1"]
    assert lines[-2:] == [
        "haproxy (hardened), clte-cl-first:",
        "  body 1: the proxy wrote 6 bytes, the service read 0",
    ]
    assert "all wrong" not in "\n".join(lines)
    assert not any("clte" in line for line in framing_lines(made_up()))


def test_the_report_has_table_figure_and_every_disagreement(tmp_path):
    text = write_framing(made_up("wrong"), tmp_path)
    assert text == tmp_path / "framing.md"
    said = text.read_text()
    assert "| haproxy | 2.6.12 | stock | 100 | 1 | 101 | 1 | 1 |" in said
    assert "- hardened: haproxy (stock), `clte-cl-first`: wrong" in said
    assert "- fragile: haproxy (hardened), `clte-cl-first`: all wrong" in said
    assert "(framing.png)" in said
    assert (tmp_path / "framing.png").read_bytes().startswith(b"\x89PNG")
