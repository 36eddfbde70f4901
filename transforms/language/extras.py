"""Other language detectors, each from a package that is an extra: `pip install 'warraq[lingua]'`, `'warraq[fasttext]'`.

Each is made once a process, and opens no connection: lingua carries its models,
fastText and GlotLID are read from a file whose checksum the user states.
"""

import hashlib
import importlib
from pathlib import Path
from typing import Any, Final

UNDETERMINED: Final = "und"
SAMPLE: Final = 1_000  # characters that are read, as many as langdetect reads
LABELS: Final = 12  # guesses asked for: GlotLID spreads a dialect's probability over its neighbours

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
    """lingua: n-grams of one to five letters, 75 languages, of Arabic script only Arabic, Persian and Urdu."""

    def __init__(self) -> None:
        try:
            import lingua  # noqa: PLC0415  (an extra, imported when chosen)
        except ImportError as missing:
            raise RuntimeError(
                "the language detector lingua is not installed: pip install 'warraq[lingua]'"
            ) from missing
        self._detector = lingua.LanguageDetectorBuilder.from_all_languages().build()

    def detect(self, text: str) -> tuple[str, float, str]:
        """Language, probability and what decided."""
        guesses = self._detector.compute_language_confidence_values(text[:SAMPLE])
        if not guesses or not guesses[0].value or not any(map(str.isalpha, text[:SAMPLE])):
            return UNDETERMINED, 0.0, "lingua knows none of the letters"
        return guesses[0].language.iso_code_639_1.name.lower(), min(guesses[0].value, 1.0), "lingua"


class FastText:
    """A fastText model such as GlotLID's or lid.176, from a local file."""

    def __init__(self, model: str, sha256: str) -> None:
        fasttext = _import_extra("fasttext")
        check_sum(Path(model), sha256)
        self._model = fasttext.load_model(model)

    def detect(self, text: str) -> tuple[str, float, str]:
        """Language, probability and what decided; the varieties of Arabic count as one."""
        sample = " ".join(text[:SAMPLE].split())
        if not any(map(str.isalpha, sample)):
            return UNDETERMINED, 0.0, "no letters"
        labels, chances = self._model.predict(sample, k=LABELS)
        totals: dict[str, float] = {}
        for label, chance in zip(labels, chances, strict=True):
            language = language_of(label)
            totals[language] = totals.get(language, 0.0) + float(chance)
        if not totals:
            return UNDETERMINED, 0.0, "fasttext knows none of the words"
        best = max(totals, key=lambda language: totals[language])  # the first of equals, which is the likelier label
        return best, min(totals[best], 1.0), f"fasttext {labels[0].removeprefix('__label__')}"


def _import_extra(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError as missing:
        raise RuntimeError(f"the language detector {name} is not installed: pip install 'warraq[{name}]'") from missing


def language_of(label: str) -> str:
    """The language of a model's label: `__label__apc_Arab` → ar, `__label__pes_Arab` → fa; Arabic in Latin letters is
    none of ours and keeps its code and script, as in `arb_Latn`.
    """
    code, _, script = label.removeprefix("__label__").partition("_")
    if code in ARABIC_CODES and script in ("", "Arab"):
        return "ar"
    return f"{code}_{script}" if code in ARABIC_CODES else _SHORT.get(code, code)


def check_sum(path: Path, sha256: str) -> None:
    """Raises ValueError if the file's SHA-256 is another, so that every worker judges by the same model."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        for block in iter(lambda: file.read(1 << 20), b""):
            digest.update(block)
    if digest.hexdigest() != sha256.lower():
        raise ValueError(f"{path}: its SHA-256 is {digest.hexdigest()}, not {sha256}")
