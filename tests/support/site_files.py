"""A WARC of two hosts that reserve their pages in robots.txt and tdmrep.json, and of one that does not."""

import random
from pathlib import Path

SUBJECTS = ("مستشفى", "ميناء", "مصنع", "متحف", "ملعب", "مطار")
ROBOTS = b"User-agent: *\nContent-Signal: search=yes, ai-train=no\n\nUser-agent: GPTBot\nDisallow: /open/\n"
TDMREP = b'[{"location": "/open/", "tdm-reservation": 0}, {"location": "/", "tdm-reservation": 1}]'
NOTHING = b"User-agent: *\nDisallow: /search\n"
# Address and signals of each article.
EXPECTED = {
    "https://akhbar.example/2025/a": ["content_signal"],
    "https://akhbar.example/open/b": ["content_signal", "ai_robots"],
    "http://www.madar.example/2025/c": ["tdm_reservation"],
    "http://www.madar.example/open/d": None,
    "https://madar.example/2025/e": None,  # another host
    "https://shurfa.example/2025/f": None,
}


def write_dump(path: Path, seed: int | None = None, files: bool = True, kind: str = "جديد") -> Path:
    """Writes the pages and the files of the hosts, in an order of its own for each seed."""
    records = [
        record(url, "text/html; charset=utf-8", page(f"{subject} {kind}"))
        for url, subject in zip(EXPECTED, SUBJECTS, strict=True)
    ]
    if files:
        records += [
            record("https://akhbar.example/robots.txt", "text/plain", ROBOTS),
            record("http://www.madar.example/.well-known/tdmrep.json", "application/json", TDMREP),
            record("https://shurfa.example/robots.txt", "text/plain", NOTHING),
        ]
    if seed is not None:
        random.Random(seed).shuffle(records)
    path.write_bytes(b"".join(records))
    return path


def page(subject: str) -> bytes:
    """A page with an article about a subject."""
    sentences = (
        f"<p>افتتح الوزير صباح الأحد {subject} في العاصمة، وقال إن {subject} من هذا النوع كان ينتظره السكان منذ أعوام.</p>",
        f"<p>وأضاف أن بناء {subject} استغرق ثلاث سنوات، وأن العاملين في {subject} تلقوا تدريبا على أحدث الأجهزة.</p>",
        "<p>وقال سكان الحي إنهم ينتظرون افتتاح الطرق المؤدية إليه قبل نهاية العام، كما وعدت البلدية في وقت سابق.</p>",
    )
    title = f"افتتاح {subject} في العاصمة"
    head = f'<meta property="article:published_time" content="2025-05-30T08:00:00Z"><title>{title}</title>'
    body = f"<article><h1>{title}</h1>{''.join(sentences)}</article>"
    return f'<html lang="ar"><head>{head}</head><body>{body}</body></html>'.encode()


def record(url: str, content_type: str, body: bytes) -> bytes:
    """A record of a response."""
    http = f"HTTP/1.1 200 OK\r\nContent-Type: {content_type}\r\n\r\n".encode() + body
    head = (
        f"WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: {url}\r\nWARC-Date: 2025-06-01T00:00:00Z\r\n"
        f"Content-Type: application/http; msgtype=response\r\nContent-Length: {len(http)}\r\n\r\n"
    )
    return head.encode() + http + b"\r\n\r\n"
