"""The tool that tries mutants tells killed from survived, and every mutant is one still."""

import json
import sys
import time

import pytest

from mutants import main as tool

RIGHT = "def half(n):\n    return n // 2\n"
TEST = "from half import half\n\n\ndef test_half():\n    assert half(5) == 2\n"


def test_every_mutant_still_fits_its_file_and_has_its_tests():
    mutants = tool.all_mutants()
    assert len(mutants) >= 40
    assert sum(mutant.file.startswith("python/") for mutant in mutants) >= 12
    for mutant in mutants:
        mutant.applied((tool.ROOT / mutant.file).read_text())
        assert mutant.test_files(tool.ROOT)


class Copy(tool.Copy):
    """A copy without a build: its only code is Python."""

    def build(self, *targets):
        return "never built" not in (self.folder / "python/half.py").read_text()


@pytest.fixture
def tried(tmp_path):
    """Tries a mutant of a small checkout; gives its outcome, and what was said."""
    house, copy = tmp_path / "house", Copy(tmp_path / "copy")
    for root in (house, copy.folder):
        for name, text in (("python/half.py", RIGHT), ("tests/test_half.py", TEST)):
            (root / name).parent.mkdir(parents=True)
            (root / name).write_text(text)
    said = []

    def trying(new, old="n // 2", test=TEST, limit=60.0, **more):
        tool.LEAST_SECONDS, kept = limit, tool.LEAST_SECONDS
        for root in (house, copy.folder):
            (root / "tests/test_half.py").write_text(test)
        mutant = tool.Mutant(
            "half", "It is wrong.", "python/half.py", old, new,
            pytest=("tests/test_half.py",), **more,
        )  # fmt: skip
        try:
            state = tool.State(tmp_path / "state.json")
            found = tool.run([mutant], copy, state, said.append, house)
        finally:
            tool.LEAST_SECONDS = kept
        assert (copy.folder / "python/half.py").read_text() == RIGHT
        return found["half"]["outcome"], tool.passes([mutant], found), said

    return trying


def test_a_mistake_that_is_noticed_is_killed(tried):
    assert tried("n / 2") == ("killed", True, ["1/1 half: killed tests/test_half.py::test_half"])


def test_a_mistake_that_nobody_notices_survives(tried):
    assert tried("int(n / 2)")[:2] == ("survived", False)


def test_a_survivor_may_be_argued_for(tried):
    assert tried("int(n / 2)", argued="It is the same for what is halved.")[:2] == (
        "survived", True,
    )  # fmt: skip


def test_a_hang_is_killed_by_its_time(tried, monkeypatch):
    monkeypatch.setattr(tool, "TIMES_SLOWER", 3.0)
    before = time.monotonic()
    hanging = "exec('while True: pass')"
    assert tried(hanging, limit=1.0)[:2] == ("killed by timeout", True)
    assert time.monotonic() - before < 60


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"old": "n // 3", "new": "n"}, "its text is 0 times in python/half.py, not once"),
        ({"old": "n", "new": "m"}, "its text is 3 times in python/half.py, not once"),
        ({"new": "n / 2", "test": TEST.replace("2\n", "3\n")}, "do not pass without it: failed"),
        ({"new": "n / 2", "test": "import nothing\n"}, "do not pass without it: broken"),
    ],
)
def test_a_mutant_that_says_nothing_is_an_error(tried, change, says):
    outcome, passes, (said,) = tried(**change)
    assert (outcome, passes) == ("error", False)
    assert says in said


def test_a_mutant_that_is_not_built_is_no_success(tried):
    assert tried("n / 2  # never built")[:2] == ("does not build", False)


def test_what_is_known_is_not_tried_again_until_something_changes(tried, monkeypatch):
    runs = []
    test = tool.Copy.test
    monkeypatch.setattr(
        tool.Copy, "test", lambda self, *given, **more: runs.append(1) or test(self, *given, **more)
    )
    # Without it, and with it.
    tried("n / 2")
    assert len(runs) == 2
    tried("n / 2")
    assert len(runs) == 2
    tried("n / 3")
    assert len(runs) == 3
    tried("n / 3", test=TEST.replace("5", "4"))
    assert len(runs) == 5


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("mistake = ", "is not TOML"),
        ('mistake = "x"\nfile = "y"\nold = "a"', "needs new"),
        ('mistake = "x"\nfile = "y"\nold = "a"\nnew = "b"\nline = 3', "knows no line"),
        ('mistake = "x"\nfile = "y"\nold = "a"\nnew = "b"', "by ctest or by pytest"),
        ('mistake = "x"\nfile = "y"\nold = "a"\nnew = "a"\nctest = "z"', "changes nothing"),
    ],
)
def test_a_file_that_is_no_mutant_is_one_sentence(tmp_path, text, says):
    (tmp_path / "x.toml").write_text(text)
    with pytest.raises(tool.MutantError, match=says):
        tool.all_mutants(tmp_path)


def test_tests_of_cpp_are_found_by_their_names(tmp_path):
    source = tmp_path / "tests/cpp/base/x_test.cpp"
    source.parent.mkdir(parents=True)
    source.write_text("TEST_F(Chain, HoldsWhatIsHung) {}\n")
    mutant = tool.Mutant("x", "It is wrong.", "cpp/stops/middleware/x.cpp", "a", "b", r"^Chain\.")
    assert mutant.room == "middleware"
    assert mutant.test_files(tmp_path) == [source]
    with pytest.raises(tool.MutantError, match="no C\\+\\+ test is named like Link"):
        tool.Mutant("x", "", "cpp/base/x.cpp", "a", "b", "Link").test_files(tmp_path)


def test_the_page_counts_and_shows_what_was_found():
    known = [
        tool.Mutant(name, f"It {name}.", "cpp/base/x.cpp", "a", "b", "^(A|B)", argued=argued)
        for name, argued in (("hangs", ""), ("lives", "nobody minds"))
    ]
    found = {
        "hangs": {"outcome": "killed by timeout", "by": "", "seconds": 61.2},
        "lives": {"outcome": "survived", "by": "", "seconds": 3.0},
    }
    page = tool.report(known, found)
    assert "2 mutants: 1 killed by timeout, 1 survived; 1 minutes in all." in page
    assert "| hangs | base | It hangs. | `ctest ^(A\\|B)` | killed by timeout | 61 |" in page
    assert "- lives: nobody minds" in page


def test_the_state_is_whole_after_each(tmp_path):
    path = tmp_path / "made" / "state.json"
    tool.State(path).put("x", {"key": "1", "outcome": "killed"})
    assert json.loads(path.read_text()) == {"x": {"key": "1", "outcome": "killed"}}
    assert tool.State(path).get("x", "1") == {"key": "1", "outcome": "killed"}
    assert tool.State(path).get("x", "2") is None


def test_what_it_starts_imports_no_editable_install(tmp_path):
    site = tmp_path / "build" / "site"
    site.mkdir(parents=True)
    (site / "sitecustomize.py").write_text(tool.SITE)
    copy = tool.Copy(tmp_path)
    code = "import sys; print(*(type(f).__module__ for f in sys.meta_path))"
    said = copy.run([sys.executable, "-c", code]).stdout
    assert said.strip()
    assert "_editable_skbc_" not in said
