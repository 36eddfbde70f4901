"""ScreenPages: the Beam shell of the screen."""

import functools
from dataclasses import dataclass, field

import apache_beam as beam

from warraq.schemas.records import Page
from warraq.transforms.screen.screen import ScreenRules, screen
from warraq.transforms.step import Outputs, StageTransform, StepFn, route


@dataclass
class ScreenPages(StageTransform):
    """Page → (Page, Rejected)."""

    rules: ScreenRules = field(default_factory=ScreenRules)

    def expand(self, pages: beam.PCollection) -> Outputs:
        fn = StepFn("screen", functools.partial(screen, rules=self.rules))
        return route(pages, "Screen", fn, Page, Page)
