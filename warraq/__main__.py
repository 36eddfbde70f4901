"""`python -m warraq …`, the same as `warraq …`."""

import sys

from warraq.pipelines.__main__ import main

sys.exit(main())
