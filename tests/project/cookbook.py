"""The questions of docs/cookbook.md with their answers.

python -m tests.project.cookbook        writes the answers of the samples into the document
"""

import contextlib
import io
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.support.paths import ROOT
from warraq.pipelines.answers import TABLE
from warraq.pipelines.query import answer
from warraq.pipelines.views import Views
from warraq.transforms.dataset.dataset import Dataset

COOKBOOK = ROOT / "docs" / "cookbook.md"
PAIR = re.compile(r"^```sql\n(.*?)^```\n\n```text\n(.*?)^```$", re.MULTILINE | re.DOTALL)
COMMAND = re.compile(r"^warraq (ingest .*) --output out (.*)$", re.MULTILINE)


def ingest(folder):
    """Runs the commands of the document; returns the dataset."""
    for before, after in COMMAND.findall(COOKBOOK.read_text(encoding="utf-8")):
        arguments = [*before.split(), "--output", str(folder), *after.split(), "--quiet"]
        subprocess.run([sys.executable, "-m", "warraq", *arguments], check=True, cwd=ROOT, capture_output=True)
    return Dataset(str(folder))


def shown(views, sql):
    """The answer as the command prints it."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        answer(views, sql, TABLE)
    return out.getvalue().strip() + "\n"


def main():
    with tempfile.TemporaryDirectory() as folder:
        views = Views(ingest(Path(folder, "out")))
        text = COOKBOOK.read_text(encoding="utf-8")
        written = PAIR.sub(lambda pair: f"```sql\n{pair[1]}```\n\n```text\n{shown(views, pair[1])}```", text)
        COOKBOOK.write_text(written, encoding="utf-8")


if __name__ == "__main__":
    main()
