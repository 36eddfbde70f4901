"""Users hear of fields that can't be used before the work starts, each once."""

import json

from warraq.pipelines.unused_fields import unused_field_lines
from warraq.transforms.read.discover import find_dumps
from warraq.transforms.read.rules import ReadRules


def lines(folder, **rules):
    return list(unused_field_lines(find_dumps([str(folder)]).dumps, ReadRules(**rules)))


def test_one_message_for_all_dumps_of_a_feed(tmp_path):
    record = {"text": "نص", "news_pub_day": "12/05/2024", "author": 17}
    for name in ("a", "b", "c"):
        (tmp_path / f"{name}.jsonl").write_text(json.dumps(record) + "\n" + json.dumps(record | {"n": name}))
    first, second = lines(tmp_path)
    where = f"{tmp_path}/a.jsonl (and 2 other dumps): field"
    assert first == (
        f"{where} 'news_pub_day' is not used, though it looks like published_at ('12/05/2024'); "
        "to use it: --read_fields published_at=news_pub_day"
    )
    assert second == f"{where} 'author' gives no authors: its values, such as '17', can't be read"
    assert len(lines(tmp_path, fields="published_at=news_pub_day")) == 1


def test_other_formats_have_no_message(tmp_path):
    (tmp_path / "a.html").write_text("<p>author date</p>")
    assert lines(tmp_path) == []
