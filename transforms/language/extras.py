"""The detectors `lingua` and `fasttext`, each from an extra: `pip install 'warraq[lingua]'`, `'warraq[fasttext]'`.

They open no connection: lingua carries its models, and a fastText model such as GlotLID's is a file whose SHA-256 the
user gives.
"""

import hashlib
import importlib
from pathlib import Path
from typing import Any, Final

from warraq.transforms.language.language import ARABIC, UNDETERMINED, Verdict

SAMPLE: Final = 1_000  # characters read, as many as langdetect reads
_GUESSES: Final = 12  # asked for: GlotLID spreads the probability of a dialect over its neighbours

# ISO 639-3 codes of Arabic and its varieties, as GlotLID, OpenLID and NLLB name them; lid.176 has ar and arz.
ARABIC_CODES: Final = frozenset(
    """
    ar ara arb abh abv acm acq acw acx acy adf aeb aec afb ajp apc apd arq ars ary arz auz avl ayh ayl ayn ayp
    pga shu ssh
    """.split()  # noqa: SIM905
)
# Codes that the other detectors spell with two letters.
_SHORT: Final = dict(
    pair.split("=")
    for pair in """
    pes=fa prs=fa fas=fa urd=ur pbt=ps pus=ps snd=sd uig=ug kas=ks kur=ku msa=ms zsm=ms ind=id
    eng=en fra=fr deu=de spa=es tur=tr heb=he rus=ru
    """.split()  # noqa: SIM905
)


class Lingua:
    """lingua: n-grams of one to five letters, 75 languages; in Arabic script only Arabic, Persian and Urdu."""

    def __init__(self) -> None:
        lingua = _import_extra("lingua")
        self._detector = lingua.LanguageDetectorBuilder.from_all_languages().build()

    def detect(self, text: str) -> Verdict:
        guesses = self._detector.compute_language_confidence_values(text[:SAMPLE])
        if not guesses or not guesses[0].value or not any(map(str.isalpha, text[:SAMPLE])):
            return Verdict(UNDETERMINED, 0.0, "lingua knows none of the letters")
        return Verdict(guesses[0].language.iso_code_639_1.name.lower(), min(guesses[0].value, 1.0), "lingua")


class FastText:
    """A fastText model such as GlotLID's or lid.176, from a local file. The varieties of Arabic count as one."""

    def __init__(self, model: str, sha256: str) -> None:
        fasttext = _import_extra("fasttext")
        check_sum(Path(model), sha256)
        self._model = fasttext.load_model(model)

    def detect(self, text: str) -> Verdict:
        sample = " ".join(text[:SAMPLE].split())
        if not any(map(str.isalpha, sample)):
            return Verdict(UNDETERMINED, 0.0, "no letters")
        labels, probabilities = self._model.predict(sample, k=_GUESSES)
        totals: dict[str, float] = {}
        for label, probability in zip(labels, probabilities, strict=True):
            language = language_of(label)
            totals[language] = totals.get(language, 0.0) + float(probability)
        if not totals:
            return Verdict(UNDETERMINED, 0.0, "fasttext knows none of the words")
        best = max(totals, key=lambda language: totals[language])  # the first of equals, which is the likelier label
        return Verdict(best, min(totals[best], 1.0), f"fasttext {labels[0].removeprefix('__label__')}")


def _import_extra(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError as missing:
        raise RuntimeError(f"the language detector {name} is not installed: pip install 'warraq[{name}]'") from missing


def language_of(label: str) -> str:
    """The language of a model's label: `__label__apc_Arab` → ar, `__label__pes_Arab` → fa.

    Arabic in Latin letters does not count as Arabic. It keeps its code and script, as in `arb_Latn`.
    """
    code, _, script = label.removeprefix("__label__").partition("_")
    if code in ARABIC_CODES and script in ("", "Arab"):
        return ARABIC
    return f"{code}_{script}" if code in ARABIC_CODES else _SHORT.get(code, code)


def check_sum(path: Path, sha256: str) -> None:
    """Returns if the file has this SHA-256, so that every worker uses the same model.

    Raises:
      ValueError: the file has another SHA-256.
    """
    digest = hashlib.sha256()
    with path.open("rb") as file:
        for block in iter(lambda: file.read(1 << 20), b""):
            digest.update(block)
    if digest.hexdigest() != sha256.lower():
        raise ValueError(f"{path}: its SHA-256 is {digest.hexdigest()}, not {sha256}")
