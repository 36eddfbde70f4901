"""`python -m warraq …`, the same as `warraq …`."""

import os
import sys

if not os.path.isdir(os.path.join(os.path.dirname(__file__), "pipelines")):  # noqa: PTH112, PTH118, PTH120  (as early as possible)
    sys.exit("warraq: this checkout lacks its links: git clone -c core.symlinks=true, or install it with pip")

from warraq.pipelines.__main__ import main

sys.exit(main())
