"""Reads crawl dumps: one Page for each HTML response or text. The content decides on the format of a dump."""
