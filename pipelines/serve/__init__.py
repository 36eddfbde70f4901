"""`warraq serve`: pages in a browser, on this machine only, for people who write no SQL."""
