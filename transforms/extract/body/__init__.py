"""The main text of a page, and the kind of the page."""
