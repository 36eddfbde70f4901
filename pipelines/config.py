"""The table of stages, and the configuration of a flow. Imports no Beam."""

import dataclasses
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from warraq.schemas.records import Article
from warraq.transforms.clean.clean import CleanRules, clean
from warraq.transforms.decode.decode import DecodeRules, decode
from warraq.transforms.deduplicate.deduplicate import DuplicateRules, identify
from warraq.transforms.entities.tagger import DEFAULT, load_tagger, tag_entities
from warraq.transforms.extract.page import ExtractRules, extract
from warraq.transforms.language.language import LanguageRules, keep_arabic
from warraq.transforms.quality.quality import QualityRules, keep_good
from warraq.transforms.read.rules import ReadRules
from warraq.transforms.screen.screen import ScreenRules, screen
from warraq.transforms.topics.classifier import TopicRules, classify_articles, load_classifier


@dataclass(frozen=True)
class FlowConfig:
    """Every rule and backend of the flow: with the dump, it decides the rows.

    Fields of rules whose metadata has `tuning` decide only how the work is cut and guarded.
    """

    read: ReadRules = field(default_factory=ReadRules)
    screen: ScreenRules = field(default_factory=ScreenRules)
    decode: DecodeRules = field(default_factory=DecodeRules)
    extract: ExtractRules = field(default_factory=ExtractRules)
    clean: CleanRules = field(default_factory=CleanRules)
    language: LanguageRules = field(default_factory=LanguageRules)
    quality: QualityRules | None = field(default_factory=QualityRules)  # None: every text is good
    deduplicate: DuplicateRules = field(default_factory=DuplicateRules)
    topics: TopicRules = field(default_factory=TopicRules)
    tagger: str = DEFAULT
    classifier: str = "linear"
    names: str = ""  # the user's list of names, as `names_as_json` gives it: no worker needs the file

    def to_json(self, *, tuning: bool = False, **more: Any) -> str:
        """The settings that decide the rows, and `more`, in a fixed order: equal settings give equal text.

        Tuning has its default there. With `tuning` it has its value, as in the `options` of runs by earlier versions.
        """
        rules = {stage.name: getattr(self, stage.name) for stage in STAGES if stage.rules}
        stages = rules if tuning else {name: _without_tuning(each) for name, each in rules.items()}
        settings = dataclasses.asdict(dataclasses.replace(self, **stages))
        names = settings.pop("names")
        if names:
            settings["names_sha256"] = hashlib.sha256(names.encode()).hexdigest()
        return json.dumps({**settings, **more}, sort_keys=True)


def config_of_options(options: Mapping[str, Any]) -> FlowConfig:
    """The configuration that `to_json` wrote, from its JSON object. Settings that this version lacks are ignored.

    Raises:
      ValueError: a rule has a value that this version does not accept.
    """
    chosen: dict[str, Any] = {name: options[name] for name in ("tagger", "classifier") if name in options}
    for stage, rules in RULES.items():
        if stage in options:
            known = {each.name for each in dataclasses.fields(rules)}
            values = options[stage]
            chosen[stage] = None if values is None else rules(**{k: v for k, v in values.items() if k in known})
    return FlowConfig(**chosen)


def _without_tuning(rules: Any) -> Any:
    """The rules with each tuning field at its default; None stays None."""
    if rules is None:
        return None
    tuning = {each.name: each.default for each in dataclasses.fields(rules) if each.metadata.get("tuning")}
    return dataclasses.replace(rules, **tuning)


def _tag(article: Article, config: FlowConfig) -> Article:
    return tag_entities([article], load_tagger(config.tagger), config.names)[0]


class Stage(NamedTuple):
    """One stage of the flow, as flags, rows, `explain` and the graph name it."""

    name: str  # one of labels.STAGES, and the field of FlowConfig that has its rules
    rules: type | None
    apply: Callable[[Any, FlowConfig], Any] | None  # record → record, or raises Rejection; the reader has many records


# In order of the flow. Deduplicate alone needs the other articles: its function makes an article ready to be compared.
STAGES: Final = (
    Stage("read", ReadRules, None),
    Stage("screen", ScreenRules, lambda page, config: screen(page, config.screen)),
    Stage("decode", DecodeRules, lambda page, config: decode(page, config.decode)),
    Stage("extract", ExtractRules, lambda document, config: extract(document, config.extract)),
    Stage("clean", CleanRules, lambda article, config: clean(article, config.clean)),
    Stage("language", LanguageRules, lambda article, config: keep_arabic(article, config.language)),
    Stage("quality", QualityRules, lambda article, config: keep_good(article, config.quality)),
    Stage("deduplicate", DuplicateRules, lambda article, _: identify(article)),
    Stage("entities", None, _tag),
    Stage(
        "topics",
        TopicRules,
        lambda article, config: classify_articles([article], load_classifier(config.classifier), config.topics)[0],
    ),
)
RULES: Final = {stage.name: stage.rules for stage in STAGES if stage.rules}
