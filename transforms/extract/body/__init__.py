"""The main text of a page, and whether the page is an article at all."""
