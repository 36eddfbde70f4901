"""The Python interface: `import warraq` in a notebook, a DAG, or a project that has folders of our names."""

import os
import signal
import subprocess
import sys
import textwrap
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

import warraq
from tests.support.paths import ROOT
from warraq.transforms.clean.stage import clean

NEWS = ROOT / "samples" / "dumps" / "news.warc.gz"
PAGE = ROOT / "samples" / "dumps" / "pages" / "baccalaureate.html"
COUNT = "SELECT count(*) FROM articles"


@pytest.mark.slow
def test_an_ingestion_tells_its_counts_and_prints_nothing(tmp_path, capfd):
    output = tmp_path / "out"
    run = warraq.ingest(NEWS, output, workers=1, tagger="gazetteer", clean_min_words=20)
    assert (run.is_new, run.pages, run.articles, run.rejected) == (True, 38, 36, {("deduplicate", "duplicate"): 2})
    assert (run.set_aside, run.messages) == ([], [])
    connection = warraq.connect(output)
    assert connection.execute(COUNT).fetchall() == [(36,)]
    assert connection.execute("SELECT run_id FROM runs").fetchall() == [(run_id,) for run_id in run.run_ids]
    again = warraq.ingest([str(NEWS)], str(output), workers=1, tagger="gazetteer")
    assert again == warraq.Run(
        [],
        is_new=False,
        pages=0,
        articles=0,
        articles_without_date=0,
        rejected={},
        set_aside=[],
        messages=again.messages,
    )
    assert again.messages[0].startswith("nothing new: ")
    assert capfd.readouterr() == ("", "")


@pytest.mark.slow
def test_off_the_main_thread_there_is_one_worker(tmp_path):
    results = []

    def ingest():
        results.append(warraq.ingest(NEWS, tmp_path / "out", tagger="gazetteer"))
        with pytest.raises(warraq.WarraqError, match="workers must be 1 off the main thread"):
            warraq.ingest(NEWS, tmp_path / "out", workers=2)
        results.append("refused")

    thread = threading.Thread(target=ingest)
    thread.start()
    thread.join()
    assert results[0].articles == 36
    assert results[1] == "refused"


@pytest.mark.slow
def test_a_dump_that_is_set_aside_is_told(tmp_path, monkeypatch):
    def breaking(article, rules):
        if article.source.url.endswith(("/40285", "/40322", "/40359", "/40396")):
            raise ZeroDivisionError
        return clean(article, rules)

    monkeypatch.setattr("warraq.transforms.clean.stage.clean", breaking)
    feed = NEWS.with_name("feed.jsonl")
    run = warraq.ingest([NEWS, feed], tmp_path / "out", workers=1, tagger="gazetteer")
    assert [fault.dump for fault in run.set_aside] == [str(NEWS)]
    assert "set aside: 4 of its pages broke the stage clean" in run.messages[0]
    with pytest.raises(warraq.WarraqError, match="all dumps were set aside; nothing was committed"):
        warraq.ingest(NEWS, tmp_path / "out", workers=1, tagger="gazetteer")


@pytest.mark.parametrize(
    ("inputs", "rules", "complaint"),
    [
        ("missing.warc", {}, "missing.warc: no such file"),
        (NEWS, {"clean_min_word": 5}, "unknown flag --clean_min_word; did you mean --clean_min_words?"),
        (NEWS, {"quiet": True}, "unknown flag --quiet"),
        (NEWS, {"workers": 0}, "must be a whole number, 1 or more"),
        (NEWS, {"extract_timeout": 0}, "extract_timeout"),
        (NEWS, {"quality": "best"}, "invalid choice: 'best'"),
        (NEWS, {"beam": ["--runer=FlinkRunner"]}, "unknown flag --runer"),
        ([], {}, "required: INPUT"),
    ],
)
def test_a_mistake_raises_one_line(tmp_path, capfd, inputs, rules, complaint):
    with pytest.raises(warraq.WarraqError) as raised:
        warraq.ingest(inputs, tmp_path / "out", **rules)
    assert complaint in str(raised.value)
    assert "\n" not in str(raised.value)
    assert raised.value.code == 2
    assert capfd.readouterr() == ("", "")


def test_where_there_is_no_dataset_connect_raises(tmp_path):
    with pytest.raises(warraq.WarraqError, match="no dataset there"):
        warraq.connect(tmp_path / "out")


def test_a_page_is_explained():
    assert "kept: " in str(warraq.explain(PAGE))
    assert "rejected by clean: too_short" in str(warraq.explain(PAGE, clean_min_words=100_000))
    with pytest.raises(warraq.WarraqError, match=r"missing\.html"):
        warraq.explain("missing.html")


def test_a_name_that_is_not_there_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'ingset'"):
        warraq.ingset  # noqa: B018


def test_the_import_is_light():
    heavy = {"apache_beam", "argparse", "numpy", "pyarrow", "warraq.pipelines"}
    code = f"import sys, warraq; print({heavy} & {{*sys.modules}})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout == "set()\n"


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 2])
def test_a_project_may_have_folders_of_our_names(tmp_path, workers):
    """Repositories of DAGs have a `pipelines` folder, and workers start in the current folder."""
    for folder in ("pipelines", "schemas", "transforms"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "__init__.py").write_text("raise RuntimeError('not ours')")
    (tmp_path / "dag.py").write_text(
        textwrap.dedent(f"""
            import warraq
            if __name__ == "__main__":
                print(warraq.ingest({str(NEWS)!r}, "out", workers={workers}, tagger="gazetteer").articles)
        """)
    )
    done = subprocess.run([sys.executable, "dag.py"], capture_output=True, text=True, cwd=tmp_path, timeout=300)
    assert (done.stdout, done.stderr) == ("36\n", "")


@pytest.mark.parametrize(
    "beam",
    ["--runner=X", ["stray"], ["--output=/elsewhere"], ["--help"], ["--print_config"], ["--direct_num_workers=abc"]],
)
def test_flags_of_beam_are_flags_of_beam(beam, tmp_path, capsys):
    with pytest.raises(warraq.WarraqError):
        warraq.ingest(NEWS, tmp_path / "out", beam=beam)
    assert capsys.readouterr() == ("", "")
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_calls_from_several_threads_wait_for_each_other(tmp_path):
    stderr = sys.stderr
    with ThreadPoolExecutor(2) as pool:
        runs = [*pool.map(lambda name: warraq.ingest(NEWS, tmp_path / name), ["one", "two"])]
    assert runs[0].articles == runs[1].articles > 0
    assert sys.stderr is stderr


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")  # Beam's own, whose channel ends
def test_an_interrupt_is_an_interrupt(tmp_path):
    threading.Timer(3, os.kill, [os.getpid(), signal.SIGINT]).start()
    with pytest.raises(KeyboardInterrupt, match="nothing was committed"):
        for number in range(100):
            warraq.ingest(NEWS, tmp_path / str(number))
