"""What is done to the data, one stage a file.

The Beam style guide asks for the large sequential parts of a transform as plain functions, and so it is here: a stage
is a pure function that can be called and tested without Beam, and a thin PTransform around it.

In order of flow:

    read/           ReadPages         one Page for each crawled HTML response
    screen.py       ScreenPages       pages that can't hold Arabic are gone
    decode.py       DecodePages       bytes are text
    extract/        ExtractArticles   main text, metadata and date
    clean.py        CleanText         the text has its final form
    language.py     KeepArabic        Arabic only
    quality.py      KeepGoodText      prose, not lists or spam
    deduplicate.py  Deduplicate       exact copies gone, near copies linked
    entities.py     TagEntities       people, places, organisations
    topics.py       ClassifyTopics    one IPTC topic, others with scores
    write.py        WriteArticles, WriteRejected, CommitRun

Beside them: rejection.py and step.py (how a page's failure becomes a row), ledger.py (the books), dataset.py (the
tables on disk), storage.py (files on disks and in buckets), child.py and import_path.py (how a Python process is
started, and where it imports from) and detectors.py (other detectors of language).
"""
