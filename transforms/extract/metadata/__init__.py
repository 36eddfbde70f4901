"""Title, authors, URLs and other metadata of a page."""
