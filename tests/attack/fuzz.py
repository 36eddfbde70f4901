"""Mutated dumps, pages and texts through the readers and the pure core: what breaks, hangs or lies.

`python -m tests.attack.fuzz --inputs 1000000 --seed 1` prints what was tried, and each input that broke a promise with
its number; `--only KIND --first N --inputs 1 --seed S` tries that one again. Exits with 1 if anything broke. Promises:

- dumps: no exception; the same items whatever the ranges; places unique; text without lone surrogates
- pages: a stage gives a record or a Rejection, within 10 s; the record can be encoded and decoded, and made a row
- texts: cleaning is idempotent; every function of text gives or refuses
"""

import argparse
import collections
import datetime as dt
import functools
import itertools
import multiprocessing
import sys
import tempfile
import time
import traceback
from pathlib import Path

from tests.attack import generate
from tests.support.damage import COUNT, page, samples, within
from tests.support.hostile import garbled
from warraq.pipelines.config import STAGES, FlowConfig
from warraq.schemas import arrow
from warraq.schemas.coders import RecordCoder
from warraq.schemas.labels import ERROR_REASON
from warraq.schemas.records import Article, Document, Page, Rejected, Source
from warraq.transforms.clean import clean
from warraq.transforms.clean.clean import CleanRules
from warraq.transforms.deduplicate import deduplicate
from warraq.transforms.language import language
from warraq.transforms.quality import quality
from warraq.transforms.read.discover import find_dumps
from warraq.transforms.read.dump import InputError
from warraq.transforms.read.formats import read_range
from warraq.transforms.read.rules import ReadRules
from warraq.transforms.rejection import Rejection, attempt

FETCHED = dt.datetime(2025, 6, 1, 12, tzinfo=dt.timezone.utc)
CONFIG = FlowConfig()
ANY_LENGTH = CleanRules(min_words=1)
DUMPS = [sample.content for sample in samples([page(number) for number in range(COUNT)]).values()]
CODERS = {record: RecordCoder(record) for record in (Page, Document, Article, Rejected)}
SHARES = {"dumps": 0.6, "pages": 0.04, "texts": 0.36}  # of the inputs; a page takes ten times as long as a dump
SECONDS = 10  # of the processor; real pages take 0.3 at most
SHOWN = 100  # faults that are printed


def check_record(record):
    """Raises if a record does not survive its coder, or can't be a row."""
    coder = CODERS[type(record)]
    encoded = coder.encode(record)
    assert coder.encode(coder.decode(encoded)) == encoded
    if isinstance(record, Article):
        arrow.file_table("articles", [arrow.article_row(record, "1")])
    elif isinstance(record, Rejected):
        arrow.file_table("rejected", [arrow.rejected_row(record, "run")])


def try_dump(rng, folder):
    """A sound dump of some format, mutated, read whole and in ranges."""
    path = Path(folder, "dump")
    path.write_bytes(generate.mutated(rng, rng.choice(DUMPS)))
    try:
        dump = find_dumps([str(path)]).dumps[0]
    except InputError:
        return "no dump"
    rules = ReadRules(max_bytes=50_000)
    items = list(read_range(dump, 0, None, rules))
    edges = sorted(rng.randint(1, max(1, dump.size)) for _ in range(rng.randint(1, 3)))
    ranged = [i for start, stop in itertools.pairwise([0, *edges, None]) for i in read_range(dump, start, stop, rules)]
    assert ranged == items, "ranges give other items"
    places = [item.source.dump_offset for item in items]
    assert len(places) == len(set(places)), "two items in one place"
    for item in items:
        check_record(item)
    return "read"


def refine(page):
    """The article or refusal that the pure stages up to Deduplicate make of a page."""
    record = page
    for name, _, apply in STAGES[1:-2]:
        record = attempt(record, name, functools.partial(apply, record, CONFIG))
        check_record(record)
        if isinstance(record, Rejected):
            assert record.reason != ERROR_REASON, f"{name}: {record.detail}"
            return record
    return record


def try_page(rng, _folder):
    """A hostile page through the stages."""
    url = rng.choice([*generate.ADDRESSES, "https://akhbar.example/1"]).encode("utf-8", "replace").decode()
    title = generate.text(rng, 4).encode("utf-8", "replace").decode() if rng.random() < 0.2 else None
    content = generate.page(rng)
    crawled = Page(Source(url, FETCHED, "a.warc", 0, len(content)), content, rng.random() < 0.1, None, title)
    outcome = refine(crawled)
    check_record(outcome)
    return outcome.reason if isinstance(outcome, Rejected) else "article"


def try_text(rng, _folder):
    """A hostile text through what works on text alone."""
    text = generate.text(rng, 30).encode("utf-8", "replace").decode()
    if rng.random() < 0.3:
        text = garbled(text, rng.random())
    article = Article(Source("u", FETCHED, "d", 0, 1), "u", "s", text[:80], text, None, FETCHED.date(), "fetched")
    try:
        cleaned = clean.clean(article, ANY_LENGTH)
    except Rejection:
        return "refused"
    try:
        again = clean.clean(cleaned, ANY_LENGTH)
    except Rejection as verdict:
        raise AssertionError(f"cleaned twice it is refused: {verdict}") from verdict
    assert (again.text, again.title) == (cleaned.text, cleaned.title), "cleaning is not idempotent"
    if rng.random() < 0.2:  # these take most of the time
        quality.measure(cleaned.text)
        language.load_detector(CONFIG.language).detect(cleaned.text)
    check_record(deduplicate.identify(cleaned))
    return "cleaned"


KINDS = {"dumps": try_dump, "pages": try_page, "texts": try_text}


def attack_one(kind, seed, number, folder):
    """The outcome of one input, and the promise that it broke, if any."""
    try:
        with within(SECONDS):
            return KINDS[kind](generate.generator(kind, seed, number), folder), None
    except Exception as error:  # noqa: BLE001  (that is what is looked for)
        where = traceback.extract_tb(error.__traceback__)[-1]
        words = f"{type(error).__name__}: {str(error)[:200]} ({Path(where.filename).name}:{where.lineno})"
        return "broke", f"{kind} {number}: {words}"


def attack(job):
    """Tries the inputs `first` to `last` of a kind; returns what became of them, and what broke."""
    kind, seed, first, last = job
    with tempfile.TemporaryDirectory() as folder:
        tried = [attack_one(kind, seed, number, folder) for number in range(first, last)]
    return kind, collections.Counter(outcome for outcome, _ in tried), [words for _, words in tried if words]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--inputs", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, help="number of the first input of each kind")
    parser.add_argument("--only", choices=KINDS, help="one kind of input")
    parser.add_argument("--workers", type=int, default=multiprocessing.cpu_count())
    options = parser.parse_args()
    shares = {options.only: 1.0} if options.only else SHARES
    jobs = [
        (kind, options.seed, at, min(at + 500, options.first + int(share * options.inputs)))
        for kind, share in shares.items()
        for at in range(options.first, options.first + int(share * options.inputs), 500)
    ]
    began, tried, found, done = time.monotonic(), collections.defaultdict(collections.Counter), 0, 0
    with multiprocessing.Pool(options.workers) as pool:
        for kind, counts, broken in pool.imap_unordered(attack, jobs):
            tried[kind] += counts
            done += counts.total()
            if done % 100_000 < counts.total():
                print(f"{done:,} inputs, {found} broke", flush=True)
            for words in broken[: max(0, SHOWN - found)]:
                print(words, flush=True)
            found += len(broken)
    for kind, counts in tried.items():
        print(f"{kind}: {sum(counts.values()):,}: " + ", ".join(f"{name} {n:,}" for name, n in counts.most_common()))
    total = sum(sum(counts.values()) for counts in tried.values())
    print(f"{total:,} inputs in {time.monotonic() - began:.0f} s, {found} broke")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
