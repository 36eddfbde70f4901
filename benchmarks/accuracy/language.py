"""The accuracy and speed of the language detectors, beside langdetect alone.

    python -m benchmarks.accuracy.language [--detectors letters langdetect lingua fasttext] [--model FILE]

Reads the folders langid and newstext of $WARRAQ_DATA. Sentences are grouped by their number of letters. Sentences of
one source are also joined until they have 200 letters. All varieties of Arabic count as Arabic.
"""

import argparse
import gzip
import hashlib
import json
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from benchmarks.data import DATA
from warraq.transforms.language.language import DETECTORS, LanguageRules, Verdict, load_detector

BANDS = {"15-39": (15, 40), "40-199": (40, 200), "200+": (200, 10**9)}
VARIETIES = {"arb", "arz", "ary", "acm", "apc", "ars", "aeb", "ajp", "acq", "ar"}
CODES = {  # of sources that have another name than their code
    "fa": ("pes", "prs", "UD_Persian-PerDT"),
    "ur": ("urd", "UD_Urdu-UDTB"),
    "ps": ("pbt",),
    "sd": ("snd", "UD_Sindhi-Isra"),
    "ug": ("uig", "UD_Uyghur-UDT"),
    "ks": ("kas",),
    "ms": ("ace", "bjn", "min"),
    "he": ("heb",),
    "en": ("eng",),
    "fr": ("fra",),
    "de": ("deu",),
    "tr": ("tur",),
    "es": ("spa",),
    "ar": VARIETIES,
}


class Sample(NamedTuple):
    source: str
    code: str
    text: str


def samples() -> Iterator[Sample]:
    """Each sentence, and sentences of one source joined until they have 200 letters."""
    for source, sentences in sentences_by_source().items():
        code = next((code for code, sources in CODES.items() if source in sources), source)
        yield from (Sample(source, code, sentence) for sentence in sentences)
        joined = ""
        for sentence in sentences:
            joined = f"{joined} {sentence}" if joined else sentence
            if letters(joined) >= 200 > letters(sentence):
                yield Sample(source, code, joined)
            if letters(joined) >= 200:
                joined = ""


def sentences_by_source() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for path in sorted((DATA / "langid").rglob("*.tsv")):
        rows = path.read_text("utf-8").splitlines()[1:]
        found.setdefault(path.parent.name.split("_")[0], []).extend(row.split("\t")[2] for row in rows)
    for path in sorted((DATA / "langid").glob("*/*.txt")):
        found.setdefault(path.name.split(".")[0], []).extend(path.read_text("utf-8").splitlines())
    return found


def letters(text: str) -> int:
    return sum(map(str.isalpha, text))


def score(
    detect: Callable[[str], tuple[str, float, str]], texts: list[Sample]
) -> tuple[float, Counter[tuple[str, str]]]:
    """F1 of Arabic, and the number of errors by source and by the language found."""
    verdicts = Counter((sample.source, sample.code, detect(sample.text)[0]) for sample in texts)
    right = sum(n for (_, code, got), n in verdicts.items() if code == got == "ar")
    wrong = sum(n for (_, code, got), n in verdicts.items() if (code == "ar") != (got == "ar"))
    confused = Counter({(source, got): n for (source, code, got), n in verdicts.items() if code != got})
    return 2 * right / (2 * right + wrong), confused


def milliseconds(detect: Callable[[str], tuple[str, float, str]], texts: list[str]) -> float:
    detect(texts[0])
    begin = time.process_time()
    for text in texts:
        detect(text)
    return 1000 * (time.process_time() - begin) / len(texts)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--detectors", nargs="+", default=["letters", "langdetect"], choices=DETECTORS)
    parser.add_argument("--model", default="", help="file of a fastText model")
    options = parser.parse_args()
    if not (DATA / "langid").is_dir():
        print(f"skipped: no language data in {DATA} (set WARRAQ_DATA)")
        return
    digest = hashlib.sha256(Path(options.model).read_bytes()).hexdigest() if options.model else ""
    rules = {name: LanguageRules(detector=name, model=options.model, model_sha256=digest) for name in options.detectors}
    detectors = {name: load_detector(rules).detect for name, rules in rules.items()}
    everything = list(samples())
    for band, (least, limit) in BANDS.items():
        texts = [sample for sample in everything if least <= letters(sample.text) < limit]
        for name, detect in detectors.items():
            f1, confused = score(detect, texts)
            worst = ", ".join(f"{source}→{got} {n}" for (source, got), n in confused.most_common(8))
            print(f"{band:>7} letters  {name:<10}  n {len(texts):>6}  F1 of Arabic {f1:.5f}  codes confused: {worst}")
    with gzip.open(DATA / "newstext" / "ant_dev_full.jsonl.gz", "rt", encoding="utf-8") as lines:
        articles = [json.loads(line)["text"] for line in lines][::15]
    whole = milliseconds(whole_langdetect, articles)
    print(f"real articles: langdetect alone, on the whole text, {whole:.2f} ms each")
    for name, detect in detectors.items():
        kept = sum(detect(text)[0] == "ar" for text in articles)
        each = milliseconds(detect, articles)
        print(f"  {name:<10} {kept} of {len(articles)} Arabic; {each:.3f} ms each, {whole / each:.0f} times as fast")


def whole_langdetect(text: str) -> Verdict:
    """Langdetect on the whole article, as its users call it."""
    import langdetect  # noqa: PLC0415  (its import is not measured)

    return Verdict(langdetect.detect(text), 1.0, "langdetect")


if __name__ == "__main__":
    main()
