"""The share of real news that each quality rule refuses, by preset, and the time that the measures take.

    python -m benchmarks.accuracy.quality [--show REASON]

Reads the news texts of $WARRAQ_DATA: newstext, pages_arabised and pages. `--show` prints the texts that the preset
`news` refuses for a reason.
"""

import argparse
import gzip
import json
import time
import zipfile
from collections import Counter
from collections.abc import Iterator

from benchmarks.data import DATA
from warraq.schemas.labels import REASONS
from warraq.transforms.quality.quality import PRESETS, QualityRules, measure, refusal

LEAST_WORDS = 20  # shorter texts are teasers and empty rows


def corpora() -> Iterator[tuple[str, list[str]]]:
    with gzip.open(DATA / "newstext" / "ant_dev_full.jsonl.gz", "rt", encoding="utf-8") as lines:
        yield "ANT (3 portals)", tidy(json.loads(line)["text"] for line in lines)
    yield "SaudiNewsNet", tidy(row["content"] or "" for day in saudi_days() for row in day)
    for name, path in (("arabised pages", "pages_arabised/truth.jsonl"), ("Arabic pages", "pages/gt_ar.jsonl")):
        yield name, tidy(json.loads(line)["text"] for line in (DATA / path).read_text("utf-8").splitlines())


def saudi_days() -> Iterator[list[dict[str, str]]]:
    for path in sorted((DATA / "newstext" / "saudinewsnet").glob("*.zip")):
        with zipfile.ZipFile(path) as archive:
            yield from (json.loads(archive.read(name)) for name in archive.namelist())


def tidy(texts: Iterator[str]) -> list[str]:
    """The texts as the clean stage gives them: no empty lines, no spaces around lines."""
    lines = ([line.strip() for line in text.split("\n") if line.strip()] for text in texts)
    return [text for text in map("\n".join, lines) if len(text.split()) >= LEAST_WORDS]


def reason_of(text: str, rules: QualityRules) -> str | None:
    verdict = refusal(measure(text), rules)
    return verdict and verdict.reason


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--show", choices=REASONS["quality"], help="print the texts that are refused for this reason")
    shown = parser.parse_args().show
    if not (DATA / "newstext").is_dir():
        print(f"skipped: no news texts in {DATA} (set WARRAQ_DATA)")
        return
    for name, texts in corpora():
        begin = time.process_time()
        words = sum(measure(text).words for text in texts)
        print(f"{name}: {len(texts)} texts, {600_000 * (time.process_time() - begin) / words:.2f} ms for 600 words")
        for preset, rules in PRESETS.items():
            if rules is None:
                continue
            refused = [(text, reason) for text in texts if (reason := reason_of(text, rules))]
            reasons = Counter(reason for _, reason in refused)
            by_reason = ", ".join(f"{reason} {1000 * n / len(texts):.2f}" for reason, n in reasons.most_common())
            print(f"  {preset:<9} refuses {1000 * len(refused) / len(texts):.2f} in 1000: {by_reason}")
            for text, reason in refused:
                if preset == "news" and reason == shown:
                    print(f"    {text[:400]!r}")


if __name__ == "__main__":
    main()
