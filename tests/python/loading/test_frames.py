"""Frames as text of a plan."""

from hpack import Decoder

from sevenstops.loading.frames import as_text, cancel, fields, get, raw, upload, window_update


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


def test_a_raw_frame_is_what_it_is_told_to_be() -> None:
    assert raw(0x8, 5, (7).to_bytes(4)) == window_update(7, 5).serialize()
    assert raw(0x2, 1, b"abcd", 0xFF) == b"\0\0\x04\x02\xff\0\0\0\x01abcd"


def test_fields_of_an_upload_say_its_length() -> None:
    block = fields("POST", "/echo", ("content-length", "2"))
    assert Decoder().decode(block)[-1] == ("content-length", "2")
    assert Decoder().decode(block)[0] == (":method", "POST")


def test_an_upload_may_say_another_length_than_its_pieces_have() -> None:
    head, first, last = upload("/echo", 5, b"ab", b"c", stream=3)
    assert Decoder().decode(head.data)[-1] == ("content-length", "5")
    assert (first.data, last.data) == (b"ab", b"c")
    assert {frame.stream_id for frame in (head, first, last)} == {3}
    assert [sorted(f.flags) for f in (head, first, last)] == [["END_HEADERS"], [], ["END_STREAM"]]
