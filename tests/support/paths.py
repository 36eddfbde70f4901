"""Paths of the checkout, of the real data, and of the inputs that once failed. Tests on these are skipped without them."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = ROOT / "samples"
DATA = Path(os.environ.get("WARRAQ_DATA", ROOT.parent / "shared" / "data"))
CASES = Path(os.environ.get("WARRAQ_CASES", ROOT.parent / "shared" / "cases"))
