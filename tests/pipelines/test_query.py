import datetime as dt
import io
import json
import shlex
import subprocess
import sys

import duckdb
import pytest

from tests.support.datasets import publish_run, stage_run
from tests.support.loads import article, load
from tests.support.paths import ROOT
from tests.support.processes import PATIENCE
from warraq.pipelines import query
from warraq.pipelines.answers import FORMATS
from warraq.pipelines.query import VIEWS, connect
from warraq.schemas.records import Entity, TopicScore
from warraq.transforms.dataset.dataset import Dataset
from warraq.transforms.dataset.errors import DatasetError


@pytest.fixture
def dataset(tmp_path, make_article):
    dataset = Dataset(str(tmp_path / "it's out"))  # a quote in the path must not break the SQL
    entity = Entity("روسيا", "place", 1, 6, "روسيا", 0.5)
    entities = [entity, entity._replace(start=12, end=17)]
    article = make_article(
        "لروسيا موقف روسيا", topic="sport", entities=entities, topics=[TopicScore("medtop:15000000", 0.5)]
    )
    line = {"dump": "a", "door": "read", "stage": "", "reason": "", "pages": 1}
    publish_run(dataset, "r1", stage_run(dataset, "r1", [article], [line]))
    return dataset


@pytest.mark.parametrize(
    ("sql", "answer"),
    [
        (
            "SELECT text, topic, typeof(date), date::VARCHAR FROM articles",
            ("لروسيا موقف روسيا", "sport", "DATE", "2025-05-30"),
        ),
        ("SELECT DISTINCT text, kind, name, title FROM mentions", ("روسيا", "place", "روسيا", "عنوان")),
        ("SELECT title, name, kind, count, first_offset FROM entities", ("عنوان", "روسيا", "place", 2, 1)),
        ("SELECT topic, code, arabic, score FROM topics", ("sport", "medtop:15000000", "رياضة", 0.5)),
        ("SELECT count(*) FROM rejected", (0,)),
        ("SELECT run_id FROM runs", ("r1",)),
        ("SELECT door, pages FROM ledger", ("read", 1)),
        # offsets are code points, as DuckDB counts them
        (
            'SELECT substr(a.text, e.start + 1, e."end" - e.start) FROM articles a JOIN mentions e USING (article_id) LIMIT 1',
            ("روسيا",),
        ),
    ],
)
def test_the_views_answer(dataset, sql, answer):
    assert connect(dataset).execute(sql).fetchall() == [answer]


@pytest.mark.parametrize(
    ("script", "code", "out", "err"),
    [
        (".help topics\nSELECT 7 AS x;\n.tables", 0, ["x", "7", "latest_articles"], ""),
        ("SELECT 7 AS x;\n.tabels", query.WRONG_USAGE, ["x", "7"], "no command .tabels"),
        ("SELECT 7 AS x;\nexit\nSELECT nothing", 0, ["x", "7"], ""),
    ],
)
def test_scripts_from_a_pipe_may_have_dot_commands(dataset, monkeypatch, capsys, script, code, out, err):
    monkeypatch.setattr("sys.stdin", io.StringIO(script))
    assert query.main([dataset.root, "--format", "csv"]) == code
    captured = capsys.readouterr()
    assert all(word in captured.out for word in out)
    assert err in captured.err
    assert "Error" not in captured.err


def test_doubtful_articles_lead_to_their_explanation(tmp_path):
    dataset = Dataset(str(tmp_path / "out"))
    scores = {"it's a dump": 0.2, "b": 0.5, "c": None}
    load(dataset, "r1", [article(dump, 7, extraction_score=score) for dump, score in scores.items()])
    [(score, command)] = connect(dataset).execute("SELECT extraction_score, explain FROM doubtful").fetchall()
    assert score == pytest.approx(0.2)
    assert shlex.split(command) == ["warraq", "explain", "it's a dump@7"]


def test_places_have_a_country_and_a_point(dataset):
    sql = "SELECT DISTINCT name, country, round(latitude) FROM entities JOIN places USING (name) WHERE kind = 'place'"
    assert ("روسيا", "RU", 62.0) in connect(dataset).execute(sql).fetchall()


def test_every_view_has_rows_or_is_empty(dataset):
    connection = connect(dataset)
    for view in VIEWS:
        assert connection.execute(f"SELECT count(*) FROM {view}").fetchall()[0][0] >= 0


def ask(dataset, *arguments):
    return query.main([dataset.root, *arguments])


@pytest.mark.parametrize(
    "arguments",
    [
        ["{dataset}", "SELECT 7", "--format", "csv"],
        ["{dataset}", "--format", "csv", "SELECT 7"],
        ["--format", "csv", "{dataset}", "SELECT 7"],
        ["--output", "{dataset}", "SELECT 7", "--format", "csv"],
        ["SELECT 7", "--format=csv", "--output={dataset}"],
        ["--output", "{dataset}", "--format", "csv", "SELECT 7"],
        ["{dataset}", "--format", "csv", "-- a comment\nSELECT 7"],
    ],
)
def test_the_dataset_is_the_first_argument_or_a_flag(dataset, capfd, arguments):
    assert query.main([part.format(dataset=dataset.root) for part in arguments]) == 0
    assert capfd.readouterr() == ("7\n7\n", "")


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ([], "required: DIR, the dataset"),
        (["SELECT 7"], "name the dataset first: warraq query DIR"),
        (["out", "SELECT 7", "SELECT 8"], "SELECT 8: one argument too many"),
        (["--output", "out", "out", "SELECT 7"], "SELECT 7: one argument too many"),
        (["out", "--fromat", "csv"], "unknown flag --fromat; did you mean --format?"),
        (["--fromat=csv"], "unknown flag --fromat; did you mean --format?"),
    ],
)
def test_a_dataset_that_is_not_named_costs_one_line(capfd, arguments, complaint):
    with pytest.raises(SystemExit) as stop:
        query.main(arguments)
    assert stop.value.code == 2
    error = capfd.readouterr().err
    assert complaint in error
    assert error.count("\n") == 1


def test_answers_come_in_every_format(dataset, capfd, tmp_path):
    sql = "SELECT topic, words FROM articles"
    assert ask(dataset, sql) == 0
    assert "sport" in capfd.readouterr().out
    assert ask(dataset, sql, "--format", "csv") == 0
    assert capfd.readouterr().out == "topic,words\nsport,0\n"
    assert ask(dataset, sql, "--format", "json") == 0
    assert json.loads(capfd.readouterr().out) == {"topic": "sport", "words": 0}
    target = tmp_path / "answer.parquet"
    assert ask(dataset, sql, "--format", "parquet", "--to", str(target)) == 0
    assert duckdb.sql(f"FROM '{target}'").fetchall() == [("sport", 0)]
    assert ask(dataset, sql, "--to", str(tmp_path / "answer.txt")) == 0
    assert "sport" in (tmp_path / "answer.txt").read_text()


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("name", ["~", "~answer", "file:answer", "a*b"])
def test_an_answer_goes_to_the_file_that_is_named(dataset, tmp_path, monkeypatch, name, form):
    here, home = tmp_path / "here", tmp_path / "home"
    here.mkdir()
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.chdir(here)
    names = {path.name for path in tmp_path.iterdir()}
    assert ask(dataset, "SELECT 7 AS x", "--format", form, "--to", name) == 0
    assert [path.name for path in here.iterdir()] == [name]
    assert list(home.iterdir()) == []
    assert {path.name for path in tmp_path.iterdir()} == names


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("target", ["/dev/full", "/missing/answer", "/tmp"])
def test_an_answer_that_cannot_be_written_is_no_damage(dataset, capfd, target, form):
    assert ask(dataset, "SELECT 7 AS x", "--format", form, "--to", target) == 1
    error = capfd.readouterr().err
    assert error.startswith(f"warraq: {target}: can't be written (")
    assert "damaged" not in error
    assert error.count("\n") == 1


def test_each_statement_is_answered(dataset, capfd, tmp_path):
    several = "SET threads = 1; SELECT 7 AS x; SELECT 8 AS y WHERE current_setting('threads') = 1"
    assert ask(dataset, several, "--format", "csv") == 0
    assert capfd.readouterr().out == "x\n7\ny\n8\n"
    assert ask(dataset, several, "--format", "csv", "--to", str(tmp_path / "answer")) == 0
    assert (tmp_path / "answer").read_text(encoding="utf-8-sig") == "y\n8\n"


def test_answers_can_share_a_file(dataset, tmp_path):
    """Standard output may be a file that holds something already: `… > file; … >> file`."""
    with (tmp_path / "answers").open("w") as file:
        file.write("first\n")
        file.flush()
        ask = [sys.executable, "-m", "warraq", "query", dataset.root, "SELECT 7 AS x", "--format", "csv"]
        subprocess.run(ask, stdout=file, check=True, cwd=ROOT)
    assert (tmp_path / "answers").read_text() == "first\nx\n7\n"


def test_a_reader_that_has_seen_enough_is_no_error(dataset):
    ask = f"'{sys.executable}' -m warraq query \"{dataset.root}\" 'FROM range(1000000)' --format csv"
    done = subprocess.run(
        ["bash", "-c", f"{ask} | head -1; exit ${{PIPESTATUS[0]}}"],
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "range\n", "")


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["SELECT nothing FROM articles"], "nothing"),
        (["FROM artcles"], 'artcles does not exist!; Did you mean "articles'),
        (["SELECT titel FROM articles"], 'Candidate bindings: "title"'),
        (["SELEC 1"], 'syntax error at or near "SELEC"\n'),
        (["SELECT 1", "--verify"], "--verify takes no SQL"),
        (["SELECT 1", "--format", "parquet"], "--to FILE"),
        (["FROM entites"], 'entites does not exist!; Did you mean "entities"?'),
        (["FROM named_wit('a')"], 'Did you mean "named_with"?'),
        (["FROM named_with()"], "named_with(name VARCHAR, kind VARCHAR := NULL"),
        (["SELECT 1", "--format", "xlsx"], "--format xlsx needs --to FILE"),
        (["SELECT 1", "--to", "answer.docx"], "the ending .docx tells no format; use .txt, .csv"),
        (["SELECT 1", "--to", "answer"], "no ending tells the format; use .txt, .csv"),
        (["SELECT 1", "--to", "a.csv", "--format", "json"], "its ending says csv, --format json; change one of them"),
        (["SET threads = 1", "--to", "/nowhere/a.csv"], "not written, as no statement has an answer"),
    ],
)
def test_a_wrong_question_costs_one_line(dataset, capfd, arguments, complaint):
    assert ask(dataset, *arguments) == 2
    error = capfd.readouterr().err
    assert complaint in error
    assert error.count("\n") == 1


def test_no_dataset_is_said_in_one_line(tmp_path, capfd):
    assert query.main([str(tmp_path), "SELECT 1"]) == 2
    assert "no dataset there" in capfd.readouterr().err
    with pytest.raises(DatasetError):
        connect(Dataset(str(tmp_path)))


AS_IN_A_BUCKET = """
import sys
from warraq.pipelines import query, views
class Remote:
    def __getattr__(self, name):
        return (lambda path: True) if name == "is_remote" else getattr(storage, name)
storage, query.storage = query.storage, Remote()
views.storage = query.storage
sys.exit(query.main(sys.argv[1:]))
"""


@pytest.mark.slow
@pytest.mark.parametrize(("sql", "code"), [("SELECT text FROM articles LIMIT 1", 0), ("SELECT text FROM nothing", 2)])
def test_a_process_that_reads_ahead_in_a_bucket_ends(tmp_path, make_article, sql, code):
    """Without the answer's rows: the table is read through Python, file by file, long after the first."""
    dataset = Dataset(str(tmp_path / "out"))
    days = [dt.date(2025, 1, 1) + dt.timedelta(n) for n in range(80)]
    publish_run(
        dataset, "r1", stage_run(dataset, "r1", [make_article("نص " * 500, topic="sport", date=day) for day in days])
    )
    for _ in range(3):
        ask = [sys.executable, "-c", AS_IN_A_BUCKET, dataset.root, sql, "--format", "csv"]
        done = subprocess.run(ask, capture_output=True, timeout=PATIENCE, cwd=ROOT)
        assert done.returncode == code, done.stderr
        assert done.stdout.startswith(b"text\n") == (code == 0)
