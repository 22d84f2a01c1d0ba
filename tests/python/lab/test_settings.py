import pytest

import sevenstops


def test_presets_differ_in_every_stop():
    fragile, hardened = sevenstops.fragile(), sevenstops.hardened()
    differing = {
        info.name.split(".")[0]
        for info in sevenstops.field_infos()
        if fragile.get(info.name) != hardened.get(info.name)
    }
    assert differing == {
        "accept", "parse", "route", "middleware", "handle", "serialize", "drain",
    }  # fmt: skip


def test_a_bad_setting_is_one_sentence():
    with pytest.raises(ValueError, match=r"unknown setting 'accept\.backlogs'"):
        sevenstops.hardened().set("accept.backlogs", "1")
