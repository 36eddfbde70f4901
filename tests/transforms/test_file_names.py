# ruff: noqa: PTH102, PTH103, PTH116, PTH118, PTH120  (names are bytes here, which `Path` does not take)
"""Names of dumps: any bytes are read, written as text, and found again; what is no file is never opened."""

import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.paths import ROOT
from tests.support.processes import PATIENCE
from warraq.pipelines import explain, ingest
from warraq.pipelines.query import connect
from warraq.pipelines.terminal import one_line
from warraq.transforms.dataset.dataset import Dataset
from warraq.transforms.file_names import is_utf8, os_name, shown_name, stored_name
from warraq.transforms.read.discover import find_dumps
from warraq.transforms.read.dump import InputError
from warraq.transforms.read.formats import open_page

HTML = (ROOT / "samples" / "dumps" / "pages" / "baccalaureate.html").read_bytes()
# windows-1256, a control character that hides the line, names that look like escapes, globs and offsets, the longest
NAMES = [
    b"\xce\xc8\xd1.html",
    b"\xc7\xe1\xcf/\xce\xc8\xd1%41.html",
    "خبر.html".encode(),
    b"%CE%C8%D1.html",
    b"a\nwarraq: b.html",
    b"tab\t two  blanks .html",
    b"\x1b[2K\xe2\x80\xae.html",
    b"[x]*?'\"\\$(id).html",
    b"page@7",
    b"-x",
    b"a" * 250 + b".html",
    b"\xe9" * 255,
]
PATHS = st.lists(st.binary(min_size=1, max_size=8), min_size=1, max_size=3).map(
    lambda parts: os.path.normpath(b"/".join(part.translate(None, b"\0/") or b"x" for part in parts)).decode(
        "utf-8", "surrogateescape"
    )
)
NEAR = st.text(alphabet="./%25CEa\n\udcce\udcc8é", min_size=1).map(os.path.normpath)  # what looks like a written name


def make(folder, name, content=HTML):
    path = os.path.join(os.fsencode(folder), name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    Path(os.fsdecode(path)).write_bytes(content)
    return os.fsdecode(path)


@given(st.one_of(PATHS, NEAR, st.tuples(st.just("/data"), PATHS).map("/".join)))
def test_a_written_name_is_text_and_finds_the_path(path):
    stored, shown = stored_name(path), shown_name(path)
    assert is_utf8(stored)
    assert is_utf8(shown)
    assert os_name(stored) == os_name(shown) == path
    assert shown_name(stored) == shown
    assert one_line(f"{shown}: skipped") == f"{shown}: skipped"
    if is_utf8(path):
        assert stored == path


@given(st.lists(st.one_of(PATHS, NEAR), unique=True, max_size=20))
def test_no_two_paths_are_written_alike(paths):
    assert len({stored_name(path) for path in paths}) == len({shown_name(path) for path in paths}) == len(paths)


@pytest.mark.parametrize(
    ("path", "stored", "shown"),
    [
        ("caf\udce9%.html", "./caf%E9%25.html", "./caf%E9%25.html"),
        ("/data/caf\udce9", "/./data/caf%E9", "/./data/caf%E9"),
        ("100%\n", "100%\n", "./100%25%0A"),
        ("100%.html", "100%.html", "100%.html"),
        ("خبر\u200c\u200f.html", "خبر\u200c\u200f.html", "خبر\u200c\u200f.html"),
    ],
)
def test_names_as_they_are_written(path, stored, shown):
    assert (stored_name(path), shown_name(path)) == (stored, shown)


@pytest.mark.parametrize("name", ["./a%20b.html", "./a%25b", "/./a%41", "a%E9"])
def test_what_was_not_written_here_stays_as_it_is(name):
    assert os_name(name) == name


@pytest.mark.parametrize("is_relative", [False, True])
@pytest.mark.parametrize("name", NAMES)
def test_a_page_is_found_by_its_written_name_and_by_its_bytes(tmp_path, monkeypatch, name, is_relative):
    monkeypatch.chdir(tmp_path)
    folder = "." if is_relative else str(tmp_path)
    make(folder, b"neighbour.html", b"<html>another page")
    path = os.path.normpath(make(folder, name))
    dump = next(dump for dump in find_dumps([folder]).dumps if os_name(dump.path) == path)
    page = open_page(path, 0)
    assert page.content == HTML
    assert page.source.dump.encode().decode() == dump.path
    assert page.source.url == "file:" + "".join(
        chr(byte) if byte < 128 and (chr(byte).isalnum() or chr(byte) in "/._-~") else f"%{byte:02X}"
        for byte in os.fsencode(path)
    )
    assert (
        open_page(dump.path, 0) == open_page(shown_name(path), 0) == open_page(dump.path, url=page.source.url) == page
    )
    for stated in (path, dump.path, shown_name(path)):
        assert find_dumps([stated]).dumps == [dump]
        assert explain.place_of(f"{stated}@0") == (stated, 0)


def test_a_name_that_looks_written_is_its_own_file_in_globs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    make(".", b"\xe9.html", b"<html>one")
    make(".", b"%E9.html", b"<html>two")
    assert [dump.path for dump in find_dumps(["./%E9.html"]).dumps] == ["%E9.html"]
    assert open_page("./%E9.html").content == b"<html>one"
    assert open_page("%E9.html").content == b"<html>two"


@pytest.mark.parametrize(
    ("files", "stated", "expected"),
    [
        ([b"a"], "a@5", ("a", 5)),
        ([b"a@5"], "a@5", ("a@5", None)),
        ([b"a", b"a@5"], "a@5", ("a", 5)),
        ([b"\xe9"], "./%E9@5", ("./%E9", 5)),
        ([b"a@5"], "a@5@6", ("a@5", 6)),
        ([], "a@\u0665", ("a@\u0665", None)),
    ],
)
def test_offsets_are_told_from_names(tmp_path, monkeypatch, files, stated, expected):
    monkeypatch.chdir(tmp_path)
    for name in files:
        make(".", name)
    assert explain.place_of(stated) == expected


@pytest.mark.slow
@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_run_over_hostile_names_writes_each_so_that_it_is_found(tmp_path, capsys, workers):
    for number, name in enumerate(NAMES):
        make(tmp_path / "in", name, HTML.replace(b"</p>", f" {number} </p>".encode()))
    make(tmp_path / "in", b"\xe9mpty\n", b"")
    assert ingest.main([str(tmp_path / "in"), "--output", str(tmp_path / "out"), "--workers", workers]) == 0
    assert f"warraq: /.{tmp_path}/in/%E9mpty%0A: skipped, the file is empty\n" in capsys.readouterr().err
    sql = "SELECT dump FROM articles UNION SELECT dump FROM rejected"
    dumps = [dump for (dump,) in connect(Dataset(str(tmp_path / "out"))).execute(sql).fetchall()]
    assert sorted(os.fsencode(os_name(dump)) for dump in dumps) == sorted(
        os.path.join(os.fsencode(tmp_path), b"in", name) for name in NAMES
    )
    for dump in dumps:
        assert explain.main([f"{dump}@0"]) == 0
        assert capsys.readouterr().out.splitlines()[1] == f"{shown_name(dump)}@0"


def test_an_output_that_delta_cannot_name_is_refused_at_once(tmp_path, monkeypatch, capsys):
    make(tmp_path, b"a.html")
    make(tmp_path, b"\xe9/a.html")
    for folder, output in ((tmp_path, "\udce9"), (tmp_path / "\udce9", "out")):
        monkeypatch.chdir(folder)
        with pytest.raises(SystemExit, match="2"):
            ingest.main(["a.html", "--output", output])
        words = capsys.readouterr().err
        assert "is not UTF-8; name another folder" in words
        assert words.count("\n") == 1


# --- what is no file


@pytest.fixture
def odd(tmp_path, monkeypatch):
    """A folder with one page and all that can't be read as one."""
    monkeypatch.chdir(tmp_path)
    make("in", b"page.html")
    os.mkfifo("in/pipe")
    listener = socket.socket(socket.AF_UNIX)
    listener.bind("in/socket")
    Path("in/nowhere").symlink_to("gone")
    Path("in/loop").symlink_to("loop")
    Path("in/null").symlink_to("/dev/null")
    Path("in/up").symlink_to("..")
    yield {
        "in/pipe": "a pipe, not a file",
        "in/socket": "a socket, not a file",
        "in/null": "a device, not a file",
        "in/nowhere": "a broken link",
        "in/loop": "a link to itself",
    }
    listener.close()


def test_what_is_no_file_is_skipped_with_a_line(odd):
    for stated in ("in", "in/[!u]*"):
        found = find_dumps([stated])
        assert [dump.path for dump in found.dumps] == ["in/page.html"]
        skipped = {path: why.partition(";")[0] for path, why, _ in found.skipped}
        assert skipped == {**odd, **({"in/up": "a link to a folder"} if stated == "in" else {})}


def test_what_is_no_file_is_refused_when_it_is_named(odd):
    for path, why in odd.items():
        with pytest.raises(InputError, match=f"^{path}: {why}"):
            find_dumps([path])


def test_a_pipe_that_takes_the_place_of_a_file_does_not_block(tmp_path, monkeypatch):
    path = make(tmp_path, b"page.html")
    status = os.stat(path)
    Path(path).unlink()
    os.mkfifo(path)
    with monkeypatch.context() as patched:  # the look before it is opened saw the file
        patched.setattr("warraq.transforms.read.dump.os.stat", lambda _: status)
        with pytest.raises(InputError, match="a pipe, not a file"):
            find_dumps([path])


def test_a_file_that_vanishes_while_dumps_are_found_is_skipped(tmp_path, monkeypatch):
    make(tmp_path, b"a.html")
    gone = make(tmp_path, b"b.html")
    entries = list(os.scandir(tmp_path))
    monkeypatch.setattr("warraq.transforms.read.discover._entries", lambda _: entries)
    Path(gone).unlink()
    found = find_dumps([str(tmp_path)])
    assert [Path(dump.path).name for dump in found.dumps] == ["a.html"]
    assert [each[:2] for each in found.skipped] == [(gone, "the file no longer exists")]


def test_a_folder_that_vanishes_while_dumps_are_found_holds_nothing(tmp_path, monkeypatch):
    make(tmp_path, b"a.html")
    make(tmp_path, b"b/c.html")
    entries = list(os.scandir(tmp_path))
    real = os.scandir
    monkeypatch.setattr(
        "warraq.transforms.read.discover.os.scandir",
        lambda path: real(path) if path != str(tmp_path) else _Listing(entries),
    )
    shutil.rmtree(tmp_path / "b")
    assert [Path(dump.path).name for dump in find_dumps([str(tmp_path)]).dumps] == ["a.html"]


class _Listing(list):
    """An earlier result of `os.scandir`."""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass


def test_a_folder_that_may_not_be_read_holds_the_others_only_if_it_is_named(tmp_path, monkeypatch):
    make(tmp_path, b"a.html")
    make(tmp_path, b"\xe9/a.html")
    real = os.scandir

    def scandir(folder):
        if folder != str(tmp_path):
            raise PermissionError(13, "Permission denied", folder)
        return real(folder)

    monkeypatch.setattr("warraq.transforms.read.discover.os.scandir", scandir)
    found = find_dumps([str(tmp_path)])
    assert [Path(dump.path).name for dump in found.dumps] == ["a.html"]
    inner, words = f"/.{tmp_path}/%E9", "Permission denied; check its permissions"
    assert found.skipped == [(inner, words, True)]
    with pytest.raises(InputError, match=f"^{inner}: {words}$"):
        find_dumps([inner])


def test_folders_may_be_nested_deeper_than_calls(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for _ in range(1200):
        os.mkdir("a")
        os.chdir("a")
    Path("page.html").write_bytes(HTML)
    monkeypatch.chdir(tmp_path)
    assert len(find_dumps(["."]).dumps) == 1
    subprocess.run(["rm", "-rf", "a"], check=True)  # deeper than shutil goes


@pytest.mark.parametrize("output", ["in/out", "./in/../in/out/", "link", "{cwd}/in/out"])
@pytest.mark.parametrize("stated", ["in", "./in/", "in/*", "in/**"])
def test_the_output_is_never_an_input(tmp_path, monkeypatch, output, stated):
    monkeypatch.chdir(tmp_path)
    output = output.format(cwd=tmp_path)
    make("in", b"page.html")
    make("in/out", b"articles/date=1/part.parquet")
    make("in/outside", b"page.html")
    Path("link").symlink_to("in/out")
    Path("in/back.parquet").symlink_to("out/articles/date=1/part.parquet")
    found = find_dumps([stated], output)
    assert [dump.path for dump in found.dumps] == ["in/outside/page.html", "in/page.html"]
    assert [each[:2] for each in found.skipped] == [(output, "the --output folder, from which no input is read")]
    for inside in ("in/out", "in/out/articles", "in/out/*/*/*.parquet", "in/back.parquet"):
        with pytest.raises(InputError):
            find_dumps([inside], output)


def test_an_address_that_nothing_reads_is_told_in_our_words():
    with pytest.raises(InputError) as told:
        find_dumps(["http://a.example/b.warc.gz"])
    assert str(told.value).startswith("http://a.example/b.warc.gz: no installed package reads such addresses; check ")


def test_dots_behind_a_link_lead_where_the_system_goes(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    make("other/folder", b"x", b"")
    make("other", b"page.html", b"<html>right")
    make(".", b"page.html", b"<html>wrong")
    Path("link").symlink_to("other/folder")
    [dump] = find_dumps(["link/../page.html"]).dumps
    assert open_page(dump.path).content == b"<html>right"
    assert find_dumps(["other/folder/../page.html"]).dumps[0].path == "other/page.html"


@pytest.mark.slow
def test_a_pipe_costs_the_command_one_line(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for command in (["ingest", "pipe", "--output", "out"], ["explain", "pipe"]):
        done = subprocess.run(
            [sys.executable, "-m", "warraq", *command],
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            timeout=PATIENCE,
        )
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr == "warraq: pipe: a pipe, not a file; save its data as a file first\n"
