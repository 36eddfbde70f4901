r"""The cost of one monthly snapshot of Common Crawl, computed from the measures of benchmarks/speed/stage_costs.py.

    python -m benchmarks.speed.scale [--NAME VALUE …]         prints the tables of docs/scale.md
    python -m benchmarks.speed.scale --write                  puts them there

Every assumption is a flag; `--help` shows each with its source. Nothing here is measured: change a flag, or measure
again with `python -m benchmarks.speed.stage_costs --write`, and the tables follow.
"""

import argparse
import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

MEASURED: Final = Path(__file__).with_name("stage_costs.tsv")
DOCUMENT: Final = MEASURED.parents[1] / "docs" / "scale.md"
BEGIN, END = "<!-- python -m benchmarks.speed.scale --write -->", "<!-- end of the tables -->"
HOUR: Final = 3_600_000  # milliseconds
GB: Final = 1e9
MIB: Final = 2**20
BANDS: Final = 16  # references an article: one by digest and one for each band


def stated(value: float, source: str) -> float:
    """A default with its source."""
    return field(default=value, metadata={"help": source})


@dataclass(frozen=True)
class Assumed:
    """The assumptions that are not measured here."""

    pages: float = stated(2_329_630_755, "CC-MAIN-2026-04: cc-crawl-statistics, plots/crawlsize/monthly.csv")
    dumps: float = stated(90_000, "WARC files of a snapshot, about")
    packed: float = stated(90e12, "bytes of them, about 1 GB each")
    arabic: float = stated(0.006630, "share of pages: the same, plots/languages.csv, ara")
    neighbours: float = stated(0.002417, "the same: fas, urd, kur, pus, snd, uig, which pass the screen")
    articles: float = stated(0.5, "share of Arabic pages that end as articles: a guess; all do in our benchmarks")
    partitions: float = stated(18 * 20 * 365, "days of twenty years times topics: at most so many are filled")
    busy: float = stated(0.8, "share of the paid time in which a core works: a guess, with two slots a core")
    core_gb: float = stated(4, "memory a core, GB")
    dataflow_core: float = stated(0.056, "$ a vCPU hour, batch, us-central1: Dataflow's list price")
    dataflow_gb: float = stated(0.003557, "$ a GB hour of memory, the same")
    dataflow_shuffle: float = stated(0.011, "$ a GB shuffled, the same")
    spot_core: float = stated(0.02, "$ a vCPU hour with 4 GB on AWS spot: assumed; m6g was 0.0175 in us-west-2 in 2021")
    storage: float = stated(0.02, "$ a GB and month in Cloud Storage, standard class: list price")
    crossing: float = stated(0.02, "$ a GB between regions of AWS: list price")
    request: float = stated(0.03, "seconds until a bucket answers a request: assumed")
    stream: float = stated(100, "MiB a second that one stream from a bucket gives: assumed")
    published: float = stated(2, "requests to put a file in its place: copy and delete")


@dataclass(frozen=True)
class Stage:
    """One line of the first table."""

    name: str
    records: float
    milliseconds: float  # of processor, a record

    @property
    def hours(self) -> float:
        """Core-hours."""
        return self.records * self.milliseconds / HOUR


def stages(measured: dict[str, float], assumed: Assumed, times: float = 1) -> list[Stage]:
    """The stages with what they take in."""
    pages = assumed.pages * times
    passed, articles = pages * (assumed.arabic + assumed.neighbours), pages * assumed.arabic * assumed.articles
    arabic = pages * assumed.arabic
    crawl = measured["job_crawl_ms"] - measured["read_ms"] - measured["screen_ms"]
    models = ("deduplicate", "entities", "topics", "write")
    chain = [measured[f"{name}_ms"] for name in ("decode", "extract", "clean", "language", "quality", *models)]
    article = measured["job_arabic_ms"] - measured["job_crawl_ms"] - sum(chain)
    return [
        Stage(
            "fetch (a MiB)", assumed.packed * times / MIB * measured["fetched_64mib_share"], measured["bucket_ms_mib"]
        ),
        Stage("ReadPages", pages, measured["read_ms"]),
        Stage("ScreenPages", pages, measured["screen_ms"]),
        Stage("DecodePages", passed, measured["decode_ms"]),
        Stage("ExtractArticles, guarded", passed, measured["extract_ms"]),
        Stage("CleanText", passed, measured["clean_ms"]),
        Stage("KeepArabic", passed, measured["language_ms"]),
        Stage("KeepGoodText", arabic, measured["quality_ms"]),
        Stage("Deduplicate", articles, measured["deduplicate_ms"]),
        Stage("TagEntities", articles, measured["entities_ms"]),
        Stage("ClassifyTopics", articles, measured["topics_ms"]),
        Stage("WriteArticles", articles, measured["write_ms"]),
        Stage("Beam and the engine, a page", pages, crawl),
        Stage("Beam and the engine, an article", articles, max(0.0, article)),
    ]


def totals(measured: dict[str, float], assumed: Assumed, times: float = 1) -> dict[str, str]:
    """The lines of the second table."""
    paid = sum(stage.hours for stage in stages(measured, assumed, times)) / assumed.busy
    articles = assumed.pages * times * assumed.arabic * assumed.articles
    refused = assumed.pages * times * (assumed.arabic + assumed.neighbours) - articles
    texts = 3 * articles * measured["article_bytes"] + 2 * refused * measured["rejected_bytes"]
    references = (BANDS + 1) * articles * measured["reference_bytes"]
    shuffled = (texts + references) / GB
    files = min(articles, assumed.partitions)
    dumps_gb = assumed.packed * times / GB
    held = assumed.dumps * times * measured["commit_bytes_dump"] + articles * measured["commit_bytes_article"]
    examining = measured["examined_mib"] / assumed.stream + measured["examined_requests"] * assumed.request
    dataflow = paid * (assumed.dataflow_core + assumed.core_gb * assumed.dataflow_gb)
    return {
        "core-hours, paid": f"{paid:,.0f}",
        "on 400 cores": f"{paid / 400:,.1f} h",
        "Dataflow, workers": f"${dataflow:,.0f}",
        "Dataflow, shuffle": f"${shuffled * assumed.dataflow_shuffle:,.0f}",
        "Flink on spot machines": f"${paid * assumed.spot_core:,.0f}",
        "a copy of the dumps in Google's cloud, for a week": f"${dumps_gb * assumed.storage / 4:,.0f}",
        "dumps read from another region": f"${dumps_gb * assumed.crossing:,.0f}",
        "articles": f"{articles / 1e6:,.1f} million",
        "shuffle: texts and refusals": f"{texts / GB:,.0f} GB",
        "shuffle: references": f"{references / GB:,.0f} GB",
        "references again, in the next run": f"{references / GB:,.0f} GB",
        "dataset": f"{articles * measured['parquet_bytes_article'] / GB:,.0f} GB",
        "files, at most": f"{files:,.0f}",
        "rows a file": f"{articles / files:,.0f}",
        "network a busy core": f"{8 * dumps_gb / (3600 * paid * assumed.busy):,.1f} Gbit/s",
        "fetched, pieces of 64 MiB": f"{dumps_gb * measured['fetched_64mib_share'] / 1000:,.0f} TB",
        "fetched, pieces of 4 MiB": f"{dumps_gb * measured['fetched_4mib_share'] / 1000:,.0f} TB",
        "launcher: dumps examined, one by one": f"{assumed.dumps * times * examining / 3600:,.0f} h",
        "last step: files published, one by one": f"{files * assumed.published * assumed.request / 3600:,.1f} h",
        "last step: memory": f"{held / GB:,.1f} GB",
    }


def report(measured: dict[str, float], assumed: Assumed) -> Iterator[str]:
    """The tables of docs/scale.md, in Markdown."""
    listed = stages(measured, assumed)
    whole = sum(stage.hours for stage in listed)
    yield from (
        "## Where the time goes",
        "",
        "| stage | records | ms each | core-hours | share |",
        "|---|---|---|---|---|",
    )
    for stage in listed:
        yield (
            f"| {stage.name} | {stage.records / 1e6:,.1f} million | {stage.milliseconds:.2f} "
            f"| {stage.hours:,.0f} | {stage.hours / whole:.0%} |"
        )
    yield f"| all | | | {whole:,.0f} | |"
    tenth, one, ten = (totals(measured, assumed, times) for times in (0.1, 1, 10))
    yield from ("", "## In all", "", "| | a tenth | one snapshot | ten of them |", "|---|---|---|---|")
    yield from (f"| {name} | {tenth[name]} | {one[name]} | {ten[name]} |" for name in one)


def read_measured() -> dict[str, float]:
    """The measures that benchmarks/speed/stage_costs.py has written."""
    rows = (line.split("\t") for line in MEASURED.read_text(encoding="utf-8").splitlines())
    return {name: float(value) for name, value in rows}


def main() -> None:
    """Prints the tables, or puts them into the document."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for one in dataclasses.fields(Assumed):
        text = f"{one.metadata['help']} (default: %(default)s)"
        parser.add_argument(f"--{one.name}", type=float, default=one.default, help=text)
    parser.add_argument("--write", action="store_true", help="put the tables into docs/scale.md")
    options = vars(parser.parse_args())
    write = options.pop("write")
    tables = "\n".join(report(read_measured(), Assumed(**options)))
    if write:
        before, _, rest = DOCUMENT.read_text(encoding="utf-8").partition(BEGIN)
        DOCUMENT.write_text(f"{before}{BEGIN}\n{tables}\n{END}{rest.partition(END)[2]}", encoding="utf-8")
    else:
        print(tables)


if __name__ == "__main__":
    main()
