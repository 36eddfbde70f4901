"""Paths of the checkout and of the real data. Tests on real data are skipped without it."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = ROOT / "samples"
DATA = Path(os.environ.get("WARRAQ_DATA", ROOT.parent / "shared" / "data"))
