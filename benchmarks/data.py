"""The paths of the checkout, and of the real pages and corpora on which it is measured."""

import os
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
DATA: Final = Path(os.environ.get("WARRAQ_DATA", ROOT.parent / "shared" / "data"))
MODELS: Final = ROOT / "transforms" / "models"
