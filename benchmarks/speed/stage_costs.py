r"""The processor time of each stage, and the bytes of an article on the way: the measures behind docs/scale.md.

    python -m benchmarks.speed.stage_costs [--write]     (data: $WARRAQ_DATA, else ../shared/data beside the checkout)

Pure functions, one process, no Beam: milliseconds of processor time a record of the stage's own input, the least of
three rounds over all records. Pages are those of `benchmarks/speed/crawl.py`: a crawl of 1,000 records without Arabic,
read whole and in pieces; and 200 Arabic pages, followed from stage to stage. Extraction is measured in its guarded
process, both sides counted.

Reading from a bucket: what is fetched of a dump to examine it and to read it in pieces, and what the reader's process
takes for a further MiB; the server is on this machine and speaks without TLS. Committing: memory of what the last step
holds for each dump and each article. Then the whole job, `warraq ingest --workers 1`, on dumps of two sizes, the least
of three rounds: what a further record takes, so that the start of processes is left out.

`--write` keeps the result in stage_costs.tsv, which benchmarks/speed/scale.py reads.
"""

import argparse
import contextlib
import functools
import io
import logging
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import tracemalloc
import unittest.mock
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import apache_beam as beam
import boto3
import pyarrow.parquet as pq
from apache_beam.io.aws import s3io
from moto.server import ThreadedMotoServer

from benchmarks.data import ROOT
from benchmarks.speed.crawl import DATA, ingest, write_crawl
from warraq.pipelines.cli import configure_file_systems
from warraq.schemas import arrow
from warraq.schemas.labels import REASONS
from warraq.schemas.records import Page
from warraq.transforms.clean.clean import CleanRules, clean
from warraq.transforms.dataset.data_files import DataFile, DumpPages
from warraq.transforms.decode.decode import DecodeRules, decode
from warraq.transforms.deduplicate.deduplicate import identify, signature_row
from warraq.transforms.entities.tagger import DEFAULT, load_tagger, tag_entities
from warraq.transforms.extract.page import ExtractRules, extract
from warraq.transforms.extract.sandbox import Sandbox
from warraq.transforms.language.language import LanguageRules, keep_arabic
from warraq.transforms.ledger import REJECTED, Entry
from warraq.transforms.quality.quality import QualityRules, keep_good
from warraq.transforms.read.discover import find_dumps
from warraq.transforms.read.dump import Dump
from warraq.transforms.read.formats import read_range
from warraq.transforms.read.rules import ReadRules
from warraq.transforms.screen.screen import ScreenRules, screen
from warraq.transforms.sketch import anchor_keys
from warraq.transforms.step import Rejection, reject
from warraq.transforms.topics.classifier import TopicRules, classify_articles, load_classifier

TARGET: Final = Path(__file__).with_suffix(".tsv")
ROUNDS: Final = 3
CRAWL: Final = 1_000
ARABIC: Final = 200
BATCH: Final = 32  # as in transforms/step.py
MIB: Final = 2**20
DUMPS: Final = 6_000  # for the memory of the last step
LINES: Final = 14  # reasons that a dump of a crawl shows, about
ROWS: Final = 60  # articles in a file, each of another dump
READ: Final = """
from warraq.pipelines.cli import configure_file_systems
configure_file_systems()
from warraq.transforms.read.dump import open_dump
with open_dump("s3://crawl/{}") as stream:
    while stream.read(1 << 16):
        pass
"""

Step = Callable[[Any], Any]


def spent(process: int | None = None) -> float:
    """Seconds of processor time so far, of this process and another (clock_getcpuclockid: Linux only)."""
    return time.process_time() + (time.clock_gettime((~process << 3) | 2) if process else 0.0)


def least(work: Callable[[], Any], process: int | None = None) -> tuple[float, Any]:
    """The least processor time of three rounds, in milliseconds, and what the last one gave."""
    rounds = []
    for _ in range(ROUNDS):
        began = spent(process)
        result = work()
        rounds.append(1000 * (spent(process) - began))
    return min(rounds), result


def least_child(command: Sequence[str]) -> float:
    """The least processor time of three runs of a program, in seconds."""
    rounds = []
    for _ in range(ROUNDS):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(command, check=True, cwd=ROOT)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        rounds.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return min(rounds)


def through(step: Step, records: Sequence[Any]) -> list[Any]:
    """The records that a step keeps."""
    kept = []
    for record in records:
        with contextlib.suppress(Rejection):
            kept.append(step(record))
    return kept


def pages_of(dump: Dump, split_bytes: int | None = None) -> list[Page]:
    """All pages of a dump, read in one piece or in pieces, as workers would."""
    step = split_bytes or dump.size
    ranges = [(start, min(start + step, dump.size)) for start in range(0, dump.size, step)]
    return [item for piece in ranges for item in read_range(dump, *piece, ReadRules()) if isinstance(item, Page)]


def fingerprints(article: Any) -> Any:
    identified = identify(article)
    anchor_keys(signature_row(identified).sketch)
    return identified


def batches(step: Callable[[Sequence[Any]], list[Any]], articles: Sequence[Any]) -> list[Any]:
    return [done for start in range(0, len(articles), BATCH) for done in step(articles[start : start + BATCH])]


def parquet(articles: Sequence[Any]) -> bytes:
    content = io.BytesIO()
    pq.write_table(
        arrow.file_table("articles", [arrow.article_row(one, "0") for one in articles]), content, compression="zstd"
    )
    return content.getvalue()


def crawl_costs(folder: Path) -> Iterator[tuple[str, float]]:
    """Reading and screening of a crawl without Arabic."""
    target = folder / "crawl.warc.gz"
    write_crawl(target, CRAWL, CRAWL + 1)
    [dump] = find_dumps([str(target)]).dumps
    yield "packed_bytes_page", dump.size / CRAWL
    for name, split in (("read_ms", None), ("read_4mib_ms", 4 * MIB)):
        cost, pages = least(functools.partial(pages_of, dump, split))
        yield name, cost / CRAWL
    yield "bytes_page", statistics.mean(len(page.content) for page in pages)
    cost, _ = least(lambda: through(functools.partial(screen, rules=ScreenRules()), pages))
    yield "screen_ms", cost / CRAWL


def article_costs(folder: Path) -> Iterator[tuple[str, float]]:
    """All that becomes of an Arabic page."""
    target = folder / "arabic.warc.gz"
    write_crawl(target, ARABIC, 1)
    records: list[Any] = pages_of(find_dumps([str(target)]).dumps[0])
    rules = ExtractRules()
    guard: Sandbox[Any, Any] = Sandbox(functools.partial(extract, rules=rules), rules.timeout, rules.memory_mb)
    guard(decode(records[0], DecodeRules()))
    steps: dict[str, tuple[Step, int | None]] = {
        "decode": (functools.partial(decode, rules=DecodeRules()), None),
        "extract": (guard, guard._process.pid),  # noqa: SLF001
        "clean": (functools.partial(clean, rules=CleanRules()), None),
        "language": (functools.partial(keep_arabic, rules=LanguageRules()), None),
        "quality": (functools.partial(keep_good, rules=QualityRules()), None),
        "deduplicate": (fingerprints, None),
    }
    for name, (step, process) in steps.items():
        before = len(records)
        cost, kept = least(functools.partial(through, step, records), process)
        yield f"{name}_ms", cost / before
        records = kept
    guard.close()
    yield "kept_share", len(records) / ARABIC
    tagger, classifier = load_tagger(DEFAULT), load_classifier("linear")
    models: dict[str, Callable[[Sequence[Any]], list[Any]]] = {
        "entities": functools.partial(tag_entities, tagger=tagger),
        "topics": functools.partial(classify_articles, classifier=classifier, rules=TopicRules()),
    }
    for name, model in models.items():
        cost, records = least(functools.partial(batches, model, records))
        yield f"{name}_ms", cost / len(records)
    cost, content = least(lambda: parquet(records))
    yield "write_ms", cost / len(records)
    yield "parquet_bytes_article", len(content) / len(records)
    yield from sizes(records)


def sizes(articles: Sequence[Any]) -> Iterator[tuple[str, float]]:
    """The elements that cross a shuffle, encoded as they are there."""
    for name, records in (
        ("article", articles),
        ("reference", [signature_row(article) for article in articles]),
        ("rejected", [reject(article, "language", "not_arabic", "persian") for article in articles]),
    ):
        coder = beam.coders.registry.get_coder(type(records[0]))
        cost, encoded = least(lambda: [coder.encode(record) for record in records])  # noqa: B023
        yield f"{name}_bytes", statistics.mean(map(len, encoded))
        if name == "article":
            back, _ = least(lambda: [coder.decode(content) for content in encoded])  # noqa: B023
            yield "coder_ms", (cost + back) / len(records)


def bucket_costs(folder: Path) -> Iterator[tuple[str, float]]:
    """The bytes that Beam's file system fetches for a dump in S3, and the cost for the reader's process."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(port=0)
    server.start()
    os.environ["AWS_ENDPOINT_URL"] = "http://{}:{}".format(*server.get_host_and_port())
    os.environ.update(AWS_ACCESS_KEY_ID="key", AWS_SECRET_ACCESS_KEY="secret", AWS_REGION="us-east-1")  # noqa: S106
    client = boto3.client("s3", region_name="us-east-1")
    client.create_bucket(Bucket="crawl")
    target = folder / "large.warc.gz"
    write_crawl(target, 4 * CRAWL, 4 * CRAWL + 1)
    whole = target.read_bytes()
    client.put_object(Bucket="crawl", Key="dump", Body=whole)
    client.put_object(Bucket="crawl", Key="dump4", Body=whole * 4)
    configure_file_systems()
    (fetched, requests), _ = fetching(lambda: find_dumps(["s3://crawl/dump4"]))
    yield "examined_mib", fetched / MIB
    yield "examined_requests", requests
    [dump] = find_dumps(["s3://crawl/dump"]).dumps
    for mib in (4, 64):
        (fetched, _), _ = fetching(functools.partial(pages_of, dump, mib * MIB))
        yield f"fetched_{mib}mib_share", fetched / dump.size
    seconds = [least_child([sys.executable, "-c", READ.format(key)]) for key in ("dump", "dump4")]
    yield "bucket_ms_mib", 1000 * (seconds[1] - seconds[0]) / (3 * len(whole) / MIB)
    server.stop()


def fetching(work: Callable[[], Any]) -> tuple[tuple[int, int], Any]:
    """Bytes and requests that Beam's S3 reader makes meanwhile."""
    sizes_: list[int] = []
    real = s3io.S3Downloader.get_range

    def counted(reader: Any, start: int, end: int) -> bytes:
        sizes_.append(end - start)
        return real(reader, start, end)

    with unittest.mock.patch.object(s3io.S3Downloader, "get_range", counted):
        result = work()
    return (sum(sizes_), len(sizes_)), result


def commit_costs(_folder: Path) -> Iterator[tuple[str, float]]:
    """The memory of the step that commits: entries of the ledger, and files with the dumps of their rows."""
    dumps = [f"s3://commoncrawl/crawl-data/CC-MAIN-2026-04/{number:069}.warc.gz" for number in range(DUMPS)]
    reasons = [(stage, reason) for stage, listed in REASONS.items() for reason in listed][:LINES]
    lines = [(Entry(dump, REJECTED, *reason), 7) for dump in dumps for reason in reasons]
    yield "commit_bytes_dump", held(lines, beam.typehints.Tuple[Entry, int]) / DUMPS
    parts = [[DumpPages(dump, 1) for dump in dumps[start : start + ROWS]] for start in range(0, DUMPS, ROWS)]
    name = f"date=2026-01-01/topic=sport/part-{0:032}.parquet"
    files = [DataFile("articles", name, ["2026-01-01", "sport"], ROWS, 1, part) for part in parts]
    yield "commit_bytes_article", held(files, DataFile) / DUMPS


def held(records: Sequence[Any], kind: Any) -> int:
    """Bytes of memory that the records take when they have come out of a shuffle."""
    coder = beam.coders.registry.get_coder(kind)
    encoded = [coder.encode(record) for record in records]
    tracemalloc.start()
    decoded = [coder.decode(content) for content in encoded]
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(decoded) == len(records)
    return size


def job_costs(folder: Path) -> Iterator[tuple[str, float]]:
    """The cost of one more record in a whole run, with Beam and the local engine."""
    for name, sizes_, every in (("job_crawl_ms", (2_000, 12_000), 100_000), ("job_arabic_ms", (200, 600), 1)):
        seconds = []
        for size in sizes_:
            target = folder / "job.warc.gz"
            write_crawl(target, size, every)
            seconds.append(min(ingest(target).processor for _ in range(ROUNDS)))
        yield name, 1000 * (seconds[1] - seconds[0]) / (sizes_[1] - sizes_[0])


def main() -> None:
    """Prints each measure, and keeps them if asked to."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", action="store_true", help="keep the result in stage_costs.tsv")
    options = parser.parse_args()
    if not DATA.is_dir():
        sys.exit(f"no data at {DATA}: set WARRAQ_DATA")
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        for part in (crawl_costs, bucket_costs, article_costs, commit_costs, job_costs):
            for name, value in part(Path(folder)):
                found[name] = value
                print(f"{name:28}{value:12.3f}", flush=True)
    if options.write:
        lines = [f"{name}\t{value:.4g}\n" for name, value in found.items()]
        TARGET.write_text("".join(lines), encoding="utf-8")


if __name__ == "__main__":
    main()
