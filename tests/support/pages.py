"""A dataset for the pages of `warraq serve`, with texts that attack them."""

import datetime as dt

from tests.support.datasets import publish_run, stage_run
from warraq.schemas.records import Article, Entity
from warraq.transforms.dataset.dataset import Dataset

SCRIPT = '"><script>alert("x")</script>'
OVERRIDE = "عنوان \u202eمقلوب"
TEXT = "قال 😀 محمد صلاح في القاهرة\nإن المباراة <b>انتهت</b> بفوز كبير."


def entities():
    spans = (("محمد صلاح", "person"), ("القاهرة", "place"))
    return [
        Entity(name, kind, TEXT.index(name), TEXT.index(name) + len(name), name, 0.9, "written") for name, kind in spans
    ]


def articles(make_article, number=3):
    """Articles of some days and sites; the last is a near copy of the first. Their titles attack the page."""
    titles = [SCRIPT, OVERRIDE, "javascript:alert(1)"]
    return [
        make_article(
            text=f"{TEXT} {position}",
            article_id=f"{position:032x}",
            url="javascript:alert(1)" if position == 1 else f"https://akhbar.example/{position}",
            title=titles[position % 3],
            site=["akhbar.example", "<i>site</i>", ""][position % 3],
            date=dt.date(2025, 6, 1) + dt.timedelta(position),
            entities=entities(),
            topic=["sport", "politics_and_government"][position % 2],
            duplicate_of=f"{0:032x}" if position == number - 1 else None,
            dump_offset=position,
        )
        for position in range(number)
    ]


LEDGER = [
    {"dump": "crawl.warc.gz", "door": door, "stage": stage, "reason": reason, "pages": pages}
    for door, stage, reason, pages in (
        ("read", "", "", 5),
        ("article", "", "", 3),
        ("rejected", "language", "not_arabic", 2),
    )
]


def add_run(dataset: Dataset, run_id: str, rows: list[Article]) -> None:
    """Commits a run with these articles, and a rejected table that may be empty."""
    publish_run(dataset, run_id, stage_run(dataset, run_id, rows, LEDGER, ["crawl.warc.gz"]))
