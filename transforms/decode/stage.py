"""DecodePages: the Beam shell of decoding."""

import functools
from dataclasses import dataclass, field

import apache_beam as beam

from warraq.schemas.records import Document, Page
from warraq.transforms.decode.decode import DecodeRules, decode
from warraq.transforms.step import Outputs, StageTransform, StepFn, route


@dataclass
class DecodePages(StageTransform):
    """Page → (Document, Rejected)."""

    rules: DecodeRules = field(default_factory=DecodeRules)

    def expand(self, pages: beam.PCollection) -> Outputs:
        fn = StepFn("decode", functools.partial(decode, rules=self.rules))
        return route(pages, "Decode", fn, Page, Document)
