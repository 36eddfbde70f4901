"""Numbers that a report carries for the next one, and the differences between two reports."""

import json
import re
from collections.abc import Mapping
from typing import Any, Final, NamedTuple, TypeAlias

Facts: TypeAlias = dict[str, dict[str, int]]  # part of the report → line → number

ID: Final = "warraq-report"
_EMBEDDED: Final = re.compile(rf'<script type="application/json" id="{ID}">(.*?)</script>', re.DOTALL)
# What a script element can't have inside, written as JSON allows it.
_ESCAPES: Final = {ord(sign): f"\\u{ord(sign):04x}" for sign in "<>&\u2028\u2029"}


class Change(NamedTuple):
    """A line whose number is another one now."""

    part: str
    line: str
    before: int
    now: int

    @property
    def change(self) -> str:
        """The difference with its sign."""
        return f"{self.now - self.before:+,}"


def embedded(facts: Facts) -> str:
    """The facts as JSON that can stand in a script element."""
    return json.dumps(facts, ensure_ascii=False, sort_keys=True).translate(_ESCAPES)


def facts_in(html: str) -> Facts | None:
    """The facts that a report carries; None if the text is no report, or they are not as a report writes them."""
    found = _EMBEDDED.search(html)
    try:
        facts = json.loads(found[1]) if found else None
    except ValueError:
        return None
    return facts if _is_facts(facts) else None


def changes(before: Facts, now: Facts) -> list[Change]:
    """The lines that differ, by part in the order of the report and by size of the change."""
    found = [
        Change(part, line, earlier.get(line, 0), later.get(line, 0))
        for part in [*now, *(part for part in before if part not in now)]
        for earlier, later in [(before.get(part, {}), now.get(part, {}))]
        for line in sorted({*earlier, *later}, key=lambda line: (-abs(later.get(line, 0) - earlier.get(line, 0)), line))
    ]
    return [change for change in found if change.before != change.now]


def _is_facts(facts: Any) -> bool:
    return isinstance(facts, Mapping) and all(
        isinstance(lines, Mapping) and all(type(number) is int for number in lines.values()) for lines in facts.values()
    )
