"""Warraq: crawled web pages in, a clean Arabic news dataset out.

`schemas`, `transforms` and `pipelines` are links to the folders of the checkout, so that they are imported under the
project's own name. An installation has folders in their place.
"""

__version__ = "0.1.0"
