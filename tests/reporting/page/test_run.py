"""The page: one file, nothing from outside, model text stays text (also in a real browser)."""

from __future__ import annotations

import functools
import http.server
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from lvlm_compress.reporting.cells import ReportCell
from lvlm_compress.reporting.figures.run import run as draw
from lvlm_compress.reporting.page.render import policy
from lvlm_compress.reporting.page.run import Folders, run
from lvlm_compress.reporting.statistics.run import run as count
from lvlm_compress.reporting.tables.run import run as tabulate
from tests.reporting.artifacts import write_cell

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser")
HOSTILE = [
    "<script>document.title='owned'</script>",
    "<img src='http://127.0.0.1:{port}/beacon.png' onerror=\"document.title='owned'\">",
    "</pre></details></style><script src='http://127.0.0.1:{port}/x.js'></script>",
    "{{ 7 * 7 }} {% raw %}",
    "\" onmouseover=\"document.title='owned'",
    "line\u2028separator \x00 nul & <b>bold</b>",
]


class _Beacon(http.server.BaseHTTPRequestHandler):
    """Notes every request; a page that leaves nothing makes none."""

    def __init__(self, requests: list[str], *rest: object) -> None:
        self.requests = requests
        super().__init__(*rest)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        self.requests.append(self.path)
        self.send_error(404)

    def log_message(self, *_: object) -> None:
        """Be quiet."""


@pytest.fixture(scope="module")
def beacon() -> Iterator[tuple[int, list[str]]]:
    requests: list[str] = []
    server = http.server.HTTPServer(("127.0.0.1", 0), functools.partial(_Beacon, requests))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server.server_port, requests
    server.shutdown()


@pytest.fixture(scope="module")
def page(beacon: tuple[int, list[str]], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page whose model, prompts and answers are hostile."""
    folder = tmp_path_factory.mktemp("page")
    hostile = [text.replace("{port}", str(beacon[0])) for text in HOSTILE]
    rows = {"prompt": hostile, "image": hostile}
    cells: list[ReportCell] = []
    for kv, answers in (("fp16", ["ok"] * len(hostile)), ("kv2-t128", hostile)):
        scores = [float(answer == "ok") for answer in answers]
        options = {"kv": kv, "answers": answers, "rows": rows, "model": "tiny-llava"}
        cells.append(write_cell(folder, scores=scores, **options))  # type: ignore[arg-type]
    places = Folders(folder / "statistics", folder / "tables", folder / "figures")
    count(cells, places.statistics, 100)
    tabulate(places.statistics, places.tables)
    draw(places.statistics, places.figures)
    run(cells, places, folder, {})
    return folder / "report.html"


def _chromium(page: Path, *options: str) -> str:
    if BROWSER is None:
        pytest.skip("no chromium here (Debian package chromium)")
    command = [BROWSER, "--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=3000"]
    done = subprocess.run(
        [*command, *options, page.as_uri()], capture_output=True, text=True, timeout=120, check=True
    )
    return done.stdout


def test_the_page_is_small_and_refers_to_nothing_outside(page: Path) -> None:
    html = page.read_text(encoding="utf-8")
    assert len(html) < 15_000_000
    without_answers = re.sub(r"<pre>.*?</pre>|<div class=\"head\">.*?</div>", "", html, flags=re.S)
    assert not re.findall(r"(?:src|href)=\"(?!data:|#)[^\"]*\"", without_answers)
    assert 'url("http' not in html


def test_model_text_is_escaped(page: Path) -> None:
    html = page.read_text(encoding="utf-8")
    assert "&lt;script&gt;document.title" in html
    assert "<script>document.title" not in html
    assert "{{ 7 * 7 }}" in html
    assert html.count("<script>") == 2


def test_the_policy_lets_only_our_scripts_run(page: Path) -> None:
    html = page.read_text(encoding="utf-8")
    scripts = re.findall(r"<script>(.*?)</script>", html, flags=re.S)
    assert policy(scripts).replace("'", "&#39;") in html
    assert "default-src 'none'" in policy(scripts)


def test_the_embedded_model_is_called_what_it_is(page: Path) -> None:
    assert "no evidence for the paper&#39;s" in page.read_text(encoding="utf-8")


@pytest.mark.slow
def test_in_a_browser_answers_stay_text_and_no_request_leaves(
    page: Path, beacon: tuple[int, list[str]]
) -> None:
    dom = _chromium(page, "--dump-dom")
    assert "<title>LVLM-Compress-Bench report</title>" in dom
    assert beacon[1] == []
    assert re.search(r"\d+ of \d+ rows", dom), "our own script did not run"
    assert 'aria-label="Click to sort table by model' in dom, "the table library did not run"


@pytest.mark.slow
def test_the_browser_would_have_called_the_beacon(
    tmp_path: Path, beacon: tuple[int, list[str]]
) -> None:
    """The check above means something: the same answer as markup does call home."""
    plain = tmp_path / "plain.html"
    plain.write_text(HOSTILE[1].replace("{port}", str(beacon[0])), encoding="utf-8")
    _chromium(plain, "--dump-dom")
    assert beacon[1] == ["/beacon.png"]
    beacon[1].clear()
