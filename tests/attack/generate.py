"""Hostile text, names and pages, made from a seed: what the web, its mirrors and its attackers write."""

import json
import random

SURROGATES = ["\ud83d", "\udc00", "\ude00\ud83d", "\udce9"]
CONTROLS = [chr(code) for code in (*range(1, 32), 127, *range(128, 160), 0xFFFE, 0xFFFF, 0xFFFD, 0)]
INVISIBLE = list(
    "\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2069\ufeff\u00ad\u061c\u2028\u2029\u0085\u00a0"
)
ESCAPES = ["\x1b[2J", "\x1b]0;title\x07", "\x1b]8;;http://evil.example\x07", "\x9b31m", "\r", "\b" * 9]
MOJIBAKE = [
    "\u00d8\u00a7\u00d9\u201e\u00d8\u00b9\u00d8\u00b1\u00d8\u00a8\u00d9\u0160\u00d8\u00a9",
    "\u00c7\u00e1\u00da\u00d1\u00c8\u00ed\u00c9",
    "\ufffd\ufffd\u0637\u00a7\u0638\u201e",
]
ARABIC = ["قال", "الرئيس", "في", "القاهرة،", "يوم", "الثلاثاء", "إن", "الحكومة", "وافقت", "على", "خطة", "جديدة", "لدعم", "المزارعين.", "وأضاف", "محمد", "عبد الله", "١٢", "مايو", "٢٠٢٤"]  # fmt: skip
NUMBERS = ["0", "-1", "9" * 30, "1e999", "NaN", "99999-12-31", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2024-02-30", "31/12/2023", "1716800000000000000"]  # fmt: skip
MARKUP = ["<", ">", "&", "&#1;", "&#x1F;", "&#55357;", "&#xFFFE;", "&#0;", "&#1114112;", "&nbsp;", "&amp;#27;", "<!--", "]]>", "<![CDATA[", "<script>", "</p>", "\"'", "<svg><p>", "<template>", "\u0600" * 40]  # fmt: skip
ADDRESSES = ["http://", "https://[::1", "//evil.example", "javascript:alert(1)", "http://a.example/%ff%00", "http://xn--/", "http://a.example:99999999/", "file:///etc/passwd", "http://" + "a" * 300 + ".example/", "http://ex\u0430mple/", "http://a.example/\ud83d"]  # fmt: skip
ALL = [SURROGATES, CONTROLS, INVISIBLE, ESCAPES, MOJIBAKE, NUMBERS, MARKUP, ADDRESSES]


def text(rng, pieces=12):
    """Arabic words with hostile pieces among and inside them."""
    parts = []
    for _ in range(rng.randint(0, pieces)):
        part = rng.choice(ARABIC) if rng.random() < 0.7 else rng.choice(rng.choice(ALL))
        if rng.random() < 0.02:
            part *= rng.choice((2, 3, 50, 400))
        parts.append(part)
        parts.append(rng.choice((" ", " ", " ", "", "\n", "\t", "\u00a0")))
    return "".join(parts)


def prose(rng, paragraphs=6):
    """Paragraphs long enough to be an article, with hostile pieces here and there."""
    lines = []
    for _ in range(rng.randint(1, paragraphs)):
        words = rng.choices(ARABIC, k=rng.randint(20, 60))
        for _ in range(rng.randint(0, 2)):
            words.insert(rng.randrange(len(words)), rng.choice(rng.choice(ALL)))
        lines.append(" ".join(words))
    return lines


def _json_ld(rng):
    node = {"@type": rng.choice(["NewsArticle", "Article", ["NewsArticle"], {"a": 1}, 7, None, "WebPage"])}
    for name in ("headline", "description", "datePublished", "author", "keywords", "articleSection", "publisher", "image", "articleBody", "url"):  # fmt: skip
        if rng.random() < 0.6:
            value = rng.choice([text(rng), {"name": text(rng)}, [text(rng), {"name": text(rng)}], rng.choice(NUMBERS), None, 10**400, {"@graph": []}])  # fmt: skip
            node[name] = value
    top = rng.choice([node, [node], {"@graph": [node]}, {"mainEntity": node}])
    written = json.dumps(top, ensure_ascii=rng.random() < 0.5)
    return written[: rng.randint(0, len(written))] if rng.random() < 0.1 else written


def page(rng):
    """An article's page, whose every part may be hostile; the bytes of it."""

    def attribute():
        return text(rng, 5).replace('"', "")

    title, when = text(rng, 8), rng.choice([*NUMBERS, "2024-05-12T10:00:00+03:00", "١٢ مايو ٢٠٢٤", "12 أيار 2024"])
    metas = "".join(
        f'<meta {rng.choice(("name", "property"))}="{name}" content="{attribute()}">'
        for name in ("og:title", "og:description", "article:published_time", "og:url", "author", "keywords", "og:image")
        if rng.random() < 0.5
    )
    body = "".join(f"<p>{line}</p>" for line in prose(rng))
    markup = (
        f'<!DOCTYPE html><html lang="ar"><head><meta charset="utf-8"><title>{title}</title>{metas}'
        f'<link rel="canonical" href="{rng.choice(ADDRESSES)}">'
        f'<script type="application/ld+json">{_json_ld(rng)}</script></head><body><h1>{title}</h1>'
        f'<span class="author">{text(rng, 4)}</span><time datetime="{when}">{when}</time>'
        f'<article class="{attribute()}">{body}</article><a rel="tag" href="{rng.choice(ADDRESSES)}">{text(rng, 3)}</a>'
        f"</body></html>"
    )
    charset = rng.choice(["utf-8", "utf-8", "utf-8", "cp1256", "utf-16"])
    lone = "surrogatepass" if charset != "cp1256" and rng.random() < 0.3 else "xmlcharrefreplace"
    encoded = markup.encode(charset, lone)
    return mutated(rng, encoded) if rng.random() < 0.3 else encoded


def mutated(rng, content):
    """The bytes with a few of them flipped, cut, doubled or moved."""
    content = bytearray(content)
    for _ in range(rng.randint(1, 4)):
        if not content:
            break
        at, length = rng.randrange(len(content)), rng.choice((1, 1, 2, 8, 64, 512))
        how = rng.randrange(5)
        if how == 0:
            content[at] ^= 1 << rng.randrange(8)
        elif how == 1:
            del content[at : at + length]
        elif how == 2:
            content[at:at] = rng.randbytes(length)
        elif how == 3:
            content[at:at] = content[at : at + length] * 2
        else:
            other = rng.randrange(len(content))
            content[at : at + length] = content[other : other + length]
    return bytes(content)


def generator(*seed):
    """A source of chance that gives the same on every machine."""
    return random.Random(repr(seed))
