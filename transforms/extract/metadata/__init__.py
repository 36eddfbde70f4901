"""Title, authors, addresses and other metadata of a page."""
