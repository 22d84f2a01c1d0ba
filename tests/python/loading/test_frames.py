"""Frames as text of a plan."""

from hpack import Decoder

from sevenstops.loading.frames import as_text, cancel, get


def test_a_get_may_be_sent_again_as_it_is() -> None:
    """Nothing of it stays in the table of fields, which a second one would then not fit."""
    decoder = Decoder()
    for _ in range(2):
        assert decoder.decode(get("/orders?limit=20").data) == [
            (":method", "GET"),
            (":scheme", "http"),
            (":path", "/orders?limit=20"),
            (":authority", "localhost"),
        ]
    assert not decoder.header_table.dynamic_entries


def test_text_stands_for_bytes() -> None:
    """Each character is a byte, and frames follow each other."""
    text = as_text(get("/", 3), cancel(3))
    assert text.encode("latin-1") == get("/", 3).serialize() + cancel(3).serialize()
    assert text.endswith("\0\0\x04\x03\0\0\0\0\x03\0\0\0\x08")
