"""The HTML page and the lifecycle map, made of evidence and looked at with a browser."""

import functools
import re
import shutil
import subprocess
from html import escape
from html.parser import HTMLParser

import numpy as np
import pytest
from PIL import Image

from sevenstops.experiments import all_experiments
from sevenstops.report.lifecycle import markdown_map
from sevenstops.report.page import html
from support import document_of_every_failure

BROWSER = shutil.which("chromium")
OPTIONS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--hide-scrollbars", "--enable-logging=stderr",
]  # fmt: skip


@functools.cache
def page_of_every_failure() -> str:
    return html(document_of_every_failure())


class Outline(HTMLParser):
    """Counts tags, and notes what a page would fetch."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: dict[str, int] = {}
        self.fetched: list[str] = []
        self.ids: list[str] = []
        self.figures: list[str] = []
        self.links: list[str] = []
        self.jumps: list[str] = []

    def handle_starttag(self, tag, attrs):
        self.tags[tag] = self.tags.get(tag, 0) + 1
        values = dict(attrs)
        for name in ("src", "href", "xlink:href"):
            if values.get(name) and not values[name].startswith("#"):
                # What a link leads to is fetched only when somebody follows it.
                (self.links if tag == "a" else self.fetched).append(values[name])
        if tag == "a" and values["href"].startswith("#"):
            self.jumps.append(values["href"][1:])
        if values.get("id"):
            self.ids.append(values["id"])
        if values.get("role") == "img":
            self.figures.append(values.get("aria-label", ""))


def outline_of(text: str) -> Outline:
    outline = Outline()
    outline.feed(text)
    return outline


def test_the_page_stands_alone_and_says_everything():
    text = page_of_every_failure()
    outline = outline_of(text)
    assert outline.fetched == []
    assert outline.links == ["map.svg", "runbook.md", "report.md"]
    assert set(outline.jumps) <= set(outline.ids)
    assert {e.failure for e in all_experiments()} <= set(outline.jumps)
    assert "@import" not in text
    assert outline.tags.get("script") is None
    assert len(outline.ids) == len(set(outline.ids))
    assert outline.tags["article"] == len(all_experiments())
    assert len(outline.figures) == sum(len(e.figures) or 1 for e in all_experiments())
    assert all(re.search(r"before and .* after", alt) for alt in outline.figures)
    assert outline.tags["caption"] == 1 + len(all_experiments())
    assert "&lt;1&gt;" in text
    for e in all_experiments():
        assert e.failure in text


def luminance(colour: str) -> float:
    """WCAG 2.1, relative luminance."""
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return float(np.dot([0.2126, 0.7152, 0.0722], linear))


def test_text_has_contrast_in_light_and_dark():
    text = page_of_every_failure()
    light, dark, printed = re.findall(r":root \{([^}]*)\}", text)
    colours = dict(re.findall(r"--(\w+): (#\w{6})", light))
    others = [dict(re.findall(r"--(\w+): (#\w{6})", other)) for other in (dark, printed)]
    for scheme in (colours, *({**colours, **other} for other in others)):
        for ink in ("ink", "muted", "before", "after", "bad"):
            for ground in ("paper", "card"):
                pair = sorted((luminance(scheme[ink]), luminance(scheme[ground])))
                # WCAG 2.1, 1.4.3 (AA).
                assert (pair[1] + 0.05) / (pair[0] + 0.05) >= 4.5, (ink, ground)


@pytest.mark.skipif(not BROWSER, reason="chromium is not installed")
@pytest.mark.parametrize(("width", "scheme"), [(1100, "light"), (400, "light"), (1100, "dark")])
def test_a_browser_shows_the_figures_and_complains_of_nothing(tmp_path, width, scheme):
    page, picture = tmp_path / "report.html", tmp_path / "page.png"
    page.write_text(page_of_every_failure())
    height = (900 if width < 1000 else 680) * len(all_experiments())
    dark = ["--blink-settings=preferredColorScheme=0"] if scheme == "dark" else []
    ended = subprocess.run(
        [BROWSER, *OPTIONS, *dark, f"--user-data-dir={tmp_path / 'profile'}",
         f"--window-size={width},{height}", f"--screenshot={picture}", page.as_uri()],
        capture_output=True, text=True, check=True, timeout=120,
    )  # fmt: skip
    assert "CONSOLE" not in ended.stderr
    pixels = np.asarray(Image.open(picture).convert("RGB"))
    ground = [0x14, 0x17, 0x1A] if scheme == "dark" else [255, 255, 255]
    assert np.allclose(pixels[2, 2], ground, atol=1)
    # Each figure has a point and a label in the strong colour.
    strong = [0x67, 0xBD, 0xF0] if scheme == "dark" else [0x00, 0x5D, 0x93]
    near = [np.abs(pixels[:, :, n].astype(np.int16) - strong[n]) < 2 for n in range(3)]
    rows = np.flatnonzero(np.logical_and.reduce(near).any(axis=1))
    groups = 1 + int((np.diff(rows) > 40).sum())
    assert groups >= len(all_experiments())


def test_the_count_comes_first_and_leads_to_what_is_open(document):
    assert "<h1>16 of 16 fixed</h1>" in html(document)
    document["evidence"][0] |= {"verdict": "not fixed", "reason": "it was not enough"}
    document["evidence"][3] |= {"verdict": "inconclusive", "reason": "it was not there before"}
    text = html(document)
    assert "<h1>14 of 16 fixed, 1 not fixed, 1 inconclusive</h1>" in text
    head = outline_of(text[: text.index("<nav")])
    assert sorted(head.jumps) == sorted(document["evidence"][n]["failure"] for n in (0, 3))


def test_what_was_changed_by_hand_is_said_loudly(document):
    assert "changed by hand" not in html(document)
    document["evidence"][2]["altered"] = True
    assert html(document).count("changed by hand") == 2


def test_each_failure_has_all_that_its_document_says(document):
    text = html(document)
    found = document["evidence"]
    outline = outline_of(text)
    assert len(outline.figures) == sum(max(1, len(e["figures"])) for e in found)
    assert len(outline.ids) == len(set(outline.ids))
    assert all(re.search(r"before and .* after", alt) for alt in outline.figures)
    for evidence in found:
        part = text[text.index(f'<article id="{evidence["failure"]}"') :]
        part = part[: part.index("</article>")]
        assert part.count("<figcaption>") == len(evidence["figures"])
        assert part.count("<caption") == 1
        assert part.count('data-label="margin"') == len(evidence["guards"])
        assert part.count('data-label="taken back alone: mended?"') == len(
            evidence["ablation"] or []
        )
        for said in ("In the wild:", "answered 839 → 1,200", "3 seeds (7, 8, 9)", "b2" * 32,
                     "crowd slow-readers: due 40"):  # fmt: skip
            assert said in part, (evidence["failure"], said)
    assert "&gt; 12.0 s" in text
    assert "the slowness itself lasts 2 s" in text


@pytest.mark.skipif(not BROWSER, reason="chromium is not installed")
def test_nothing_is_cut_on_a_phone(tmp_path, document):
    measured = """<script>onload = () => {
      const wide = document.documentElement.scrollWidth;
      const cut = [...document.querySelectorAll('figure svg, figure text, h1, h2, pre, figcaption')]
        .filter(e => { const box = e.getBoundingClientRect();
          return box.right > innerWidth + 0.5 || box.left < 0; });
      const small = [...document.querySelectorAll('figure text')].filter(e =>
        parseFloat(getComputedStyle(e).fontSize) * e.ownerSVGElement.getBoundingClientRect().width
          / e.ownerSVGElement.viewBox.baseVal.width < 9);
      parent.document.title = `${innerWidth} ${wide} ${cut.length} ${small.length}`;
    }</script>"""
    shown = escape(html(document).replace("</body>", f"{measured}</body>"))
    page = tmp_path / "phone.html"
    # No window is as narrow as a phone, but a frame is.
    page.write_text(f'<iframe style="border:0;width:390px;height:844px" srcdoc="{shown}"></iframe>')
    ended = subprocess.run(
        [BROWSER, *OPTIONS, f"--user-data-dir={tmp_path / 'profile'}", "--dump-dom",
         page.as_uri()],
        capture_output=True, text=True, check=True, timeout=120,
    )  # fmt: skip
    assert "<title>390 390 0 0</title>" in ended.stdout


def test_a_verdict_that_is_not_fixed_is_seen():
    changed = document_of_every_failure()
    changed["evidence"][0] |= {"verdict": "inconclusive", "reason": "it was not there before"}
    text = html(changed)
    assert 'class="inconclusive"' in text
    assert "since it was not there before" in text
    assert "**inconclusive**" in markdown_map(changed)
