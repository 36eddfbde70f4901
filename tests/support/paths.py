"""Where the checkout lies, and the real data beside it, which tests can do without."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = ROOT / "samples"
DATA = Path(os.environ.get("WARRAQ_DATA", ROOT.parent / "shared" / "data"))
