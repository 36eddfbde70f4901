"""Warraq: crawled web pages in, a clean Arabic news dataset out.

`ingest`, `connect` and `explain` do what the commands of these names do. They are imported when first used.

`schemas`, `transforms` and `pipelines` are links to the folders of the checkout, so that they are imported under the
project's own name. An installation has folders in their place.
"""

TYPE_CHECKING = False  # nothing is imported here: in the command, the current folder is still on the path of imports
if TYPE_CHECKING:
    from typing import Any

    from warraq.pipelines.errors import WarraqError
    from warraq.pipelines.interface import Run, connect, explain, ingest

__version__ = "0.1.0"
__all__ = ["Run", "WarraqError", "__version__", "connect", "explain", "ingest"]


def __getattr__(name: str) -> "Any":
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from warraq.pipelines import interface  # noqa: PLC0415

    return getattr(interface, name)
