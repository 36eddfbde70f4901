"""Makes a command find what a plain install has: neither pandas nor Google's clients, which are here for other tests.

Python runs this file at its start if its folder is in PYTHONPATH. Beam imports both wherever it finds them, which takes
as long as the rest of Beam. `tests/conftest.py` sets PYTHONPATH.
"""

import sys

LEFT_OUT = ("apitools", "google.cloud", "pandas")


class _LeftOut:
    @staticmethod
    def find_spec(name, _path=None, _target=None):
        if name in LEFT_OUT:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


sys.meta_path.insert(0, _LeftOut)
