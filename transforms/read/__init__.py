"""Reads crawl dumps of any format, recognised by content: one Page for each crawled HTML response or ready text."""
