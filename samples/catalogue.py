"""The site, dump, date, charset and furniture of each text."""

import dataclasses
import datetime as dt
from collections.abc import Callable
from typing import Final

from samples import templates
from samples.templates import View

LEGACY_CRAWL: Final = dt.datetime(2012, 4, 2, 3, 0, tzinfo=dt.timezone.utc)
CRAWL: Final = dt.datetime(2025, 6, 20, 3, 0, tzinfo=dt.timezone.utc)


@dataclasses.dataclass(frozen=True)
class Site:
    """An invented site. `.example` addresses belong to nobody (RFC 2606)."""

    host: str
    name: str
    template: Callable[[View], str]
    date_source: str  # the best evidence that its pages hold for their date
    style: str  # key of written_days.STYLES
    path: str  # with {slug}, {id} and strftime fields
    names_itself: bool = True  # by machine, beyond the title
    names_section: bool = False  # by machine


SITES: Final[dict[str, Site]] = {
    "nahr": Site("www.alnahr.example", "صحيفة النهر", templates.wordpress, "json_ld", "plain", "/%Y/%m/{slug}/", names_section=True),
    "mahrousa": Site("mahrousa.example", "بوابة المحروسة", templates.egypt_daily, "byline", "egypt", "/news/details/{id}"),
    "shurfa": Site("shurfa.example", "جريدة الشرفة", templates.levant_daily, "time_tag", "both", "/ar/{arabic}"),
    "sanabel": Site("sanabel-news.example", "وكالة سنابل نيوز", templates.div_soup, "byline", "iraq", "/{id}", names_itself=False),
    "daffa": Site("addaffa.example", "جريدة الضفة الأخرى", templates.maghreb, "byline", "algeria", "/article/{id}"),
    "atlas": Site("sawt-alatlas.example", "صوت الأطلس", templates.maghreb, "byline", "morocco", "/{slug}-{id}.html"),
    "manara": Site("arabic.manara.example.com", "قناة المنارة", templates.broadcaster, "json_ld", "slashes", "/news/%Y/%-m/%-d/{slug}", names_section=True),
    "live": Site("arabic.manara.example.com", "قناة المنارة", templates.live_blog, "json_ld", "slashes", "/live/{id}", names_section=True),
    "dana": Site("dana-agency.example", "وكالة الدانة للأنباء", templates.gulf_agency, "byline", "plain", "/ar/details.php?id={id}", names_itself=False),
    "shiraa": Site("shiraa.example", "صحيفة الشراع", templates.microdata, "time_tag", "plain", "/a/{id}", names_section=True),
    "madar": Site("madar.example", "منصة مدار", templates.next_js, "json_ld", "none", "/posts/{slug}", names_section=True),
    "yasmin": Site("yasmin-mag.example", "مجلة ياسمين", templates.magazine, "meta", "none", "/style/{slug}", names_section=True),
    "ufuq": Site("alufuq.example", "جريدة الأفق", templates.drupal, "meta", "levant", "/node/{id}", names_itself=False),
    "rasif": Site("rasif.blogs.example", "رصيف الحارة", templates.blogger, "byline", "plain", "/%Y/%m/{slug}.html", names_itself=False),
    "mina": Site("almina.example", "أخبار الميناء", templates.amp, "json_ld", "none", "/amp/{id}", names_section=True),
    "waha": Site("www.alwaha-net.example", "شبكة الواحة الإخبارية", templates.portal_2008, "byline", "plain", "/news.asp?id={id}", names_itself=False),
    "album": Site("mahrousa.example", "بوابة المحروسة", templates.gallery, "meta", "egypt", "/albums/{id}"),
    "lamha": Site("lamha.example", "لمحة", templates.bare, "url", "none", "/%Y/%m/%d/{slug}.html", names_itself=False),
    "waraqa": Site("waraqa.example", "ورقة", templates.bare, "fetched", "none", "/p/{slug}.html", names_itself=False),
    "souq": Site("souq-bulletin.example", "نشرة السوق العربية", templates.bare, "byline", "levant", "/bulletin/{id}.htm", names_itself=False),
}  # fmt: skip

SECTIONS: Final = {
    "sport": "رياضة",
    "economy_business_and_finance": "اقتصاد",
    "politics_and_government": "سياسة",
    "conflict_war_and_peace": "أخبار",
    "health": "صحة",
    "weather": "طقس",
    "religion": "دين",
    "education": "تعليم",
    "science_and_technology": "علوم وتكنولوجيا",
    "arts_culture_entertainment_and_media": "ثقافة وفن",
    "crime_law_and_justice": "حوادث",
    "disaster_accident_and_emergency_incident": "أخبار",
    "environment": "بيئة",
    "labour": "أخبار",
    "society": "مجتمع",
    "lifestyle_and_leisure": "أسلوب حياة",
    "human_interest": "منوعات",
}


@dataclasses.dataclass(frozen=True)
class Placed:
    """One text on one page of one dump."""

    dump: str
    story: str
    site: str
    published: str  # a day, or a time with its zone, as machines read it; the day is what readers see
    note: str
    authors: tuple[str, ...] = ()
    credit: str = ""  # the line on the page
    credited: str = ""  # the agency in it, in the spelling that articles are grouped by
    shown: str | None = None  # instead of the site's way to write the day
    charset: str = "utf-8"
    declared: str = "meta"  # where the charset is stated: meta, http or nowhere
    coding: str = ""  # gzip or chunked
    query: str = ""  # behind the address that was fetched, not behind the canonical one
    copy_of: str = ""  # story of the page whose exact copy this is
    near: str = ""  # story of the page whose near copy this is
    member: str = ""  # name in an archive or folder
    mangled: str = ""  # function in mangling.py that spoils the page
    as_text: bool = False  # JSON lines: ready text instead of markup
    stated: str = ""  # the day of publication in the field `published_at` of the record


NEWS, LEGACY, MIXED, DAMAGED = "news.warc.gz", "legacy.warc", "mixed.warc.gz", "damaged.warc.gz"
WET, SITE_ZIP, FEED, TEXTS = "crawl.wet.gz", "site.zip", "feed.jsonl", "texts.jsonl.gz"
PAGES, REPORTS = "pages", "reports"

PLACED: Final[tuple[Placed, ...]] = (
    # --- news.warc.gz: a WARC/1.0 as crawlers write it, each record a gzip member
    Placed(NEWS, "literacy-sudan", "nahr", "2025-05-03T00:25:00+03:00", "WordPress; just after midnight: the reader's day is not the UTC day", ("سارة الطيب",)),
    Placed(NEWS, "envoy-khartoum", "nahr", "2025-06-11T13:10:00+03:00", "WordPress; agency in brackets on a line of its own", credit="(أ ف ب)", credited="أ ف ب"),
    Placed(NEWS, "envoy-khartoum", "nahr", "2025-06-11T13:10:00+03:00", "the same address fetched twice", credit="(أ ف ب)", credited="أ ف ب", copy_of="envoy-khartoum"),
    Placed(NEWS, "derby-final", "mahrousa", "2025-04-27T10:15:00", "Egyptian portal: ticker, كتب:, a link between paragraphs", ("محمد سليمان",), coding="gzip"),
    Placed(NEWS, "derby-final", "lamha", "2025-04-28", "the same text under another address, a day later", copy_of="derby-final"),
    Placed(NEWS, "central-bank-rates", "mahrousa", "2025-05-22T21:05:00", "Egyptian portal; two authors", ("هبة رأفت", "كريم جمال")),
    Placed(NEWS, "antiquities-ring", "mahrousa", "2025-03-18T14:30:00", "Egyptian portal; chunked transfer", ("علاء عوض",), coding="chunked"),
    Placed(NEWS, "goat-mayor", "mahrousa", "2025-06-09T16:45:00", "short news of some fifty words under a lot of furniture"),
    Placed(NEWS, "ramadan-moon", "mahrousa", "2025-02-28T18:40:00", "short news", ("إيمان فتحي",)),
    Placed(NEWS, "snow-lebanon", "shurfa", "2025-02-24T12:00:00+02:00", "double month names, cookie banner, related stories inside the text", ("ريتا صليبا",)),
    Placed(NEWS, "film-carthage", "shurfa", "2024-12-22T09:30:00+02:00", "time element; address in Arabic letters", ("جنى حرب",), query="?utm_source=facebook&utm_medium=social"),
    Placed(NEWS, "cedar-disease", "shurfa", "2025-01-29T11:20:00+02:00", "كانون الثاني/يناير beside a time element", ("زياد معلوف",)),
    Placed(NEWS, "summit-baghdad", "sanabel", "2025-05-22T15:40:00", "div soup; Levantine month, Arabic-Indic digits"),
    Placed(NEWS, "school-books", "sanabel", "2024-10-09T09:05:00", "div soup; تشرين الأول"),
    Placed(NEWS, "twin-reunion", "sanabel", "2025-01-15T20:10:00", "div soup; كانون الثاني"),
    Placed(NEWS, "dates-export", "daffa", "2024-07-21", "Maghrebi month جويلية", ("أمين بلقاسم",)),
    Placed(NEWS, "quake-atlas", "daffa", "2025-05-18", "ماي; بقلم", ("نادية مرابط",)),
    Placed(NEWS, "budget-vote", "atlas", "2024-11-16T23:50:00", "Moroccan month نونبر", ("عمر بنجلون",)),
    Placed(NEWS, "court-fraud", "atlas", "2024-08-13T10:00:00", "غشت", ("سناء الفاسي",)),
    Placed(NEWS, "transfer-wydad", "atlas", "2025-06-17T22:40:00", "يونيو; the text names another year", ("هشام العمراني",)),
    Placed(NEWS, "truce-hodeidah", "manara", "2025-05-19T18:22:00+03:00", "international channel: JSON-LD, boxes in the text", coding="gzip"),
    Placed(NEWS, "measles-campaign", "manara", "2025-05-04T09:00:00+03:00", "Arabic-Indic digits dd/mm beside JSON-LD", ("محمد الحموي",)),
    Placed(NEWS, "gold-prices", "manara", "2025-05-12T12:05:00+03:00", "wire copy, the first of three", credit="المصدر: رويترز", credited="رويترز"),
    Placed(NEWS, "ceasefire-live", "live", "2025-06-18T09:00:00+03:00", "live blog; each update is a paragraph of the text"),
    Placed(NEWS, "hajj-season", "dana", "2025-05-28", "a Hijri date only", shown="١ ذو الحجة ١٤٤٦ هـ"),
    Placed(NEWS, "handball-qualify", "dana", "2025-04-14", "both calendars in one line", shown="الاثنين 16 شوال 1446 هـ الموافق 14 أبريل 2025 م"),
    Placed(NEWS, "rain-oman", "shiraa", "2025-04-22T17:15:00+04:00", "microdata, time element"),
    Placed(NEWS, "turtles-oman", "shiraa", "2024-09-30T08:00:00+04:00", "microdata with an author", ("موزة البوسعيدي",)),
    Placed(NEWS, "port-deal", "shiraa", "2025-03-05T13:30:00+04:00", "microdata"),
    Placed(NEWS, "ai-arabic", "madar", "2025-03-11T09:00:00.000Z", "Next.js: hashed classes, the text once more in a script", ("لبنى الإدريسي",)),
    Placed(NEWS, "hope-orbit", "madar", "2025-02-06T07:30:00.000Z", "Next.js", ("ناصر الكعبي", "مها السويدي")),
    Placed(NEWS, "kitchen-kibbeh", "yasmin", "2025-04-03T10:00:00+02:00", "headings inside the text, author's box", ("ديما شرف",)),
    Placed(NEWS, "travel-siwa", "yasmin", "2024-11-08", "meta with a day only; the text names a month", ("ديما شرف",)),
    Placed(NEWS, "diabetes-study", "yasmin", "2025-05-27T08:15:00+02:00", "health under a lifestyle site", ("منى رزق",)),
    Placed(NEWS, "teachers-strike", "ufuq", "2025-03-16T19:00:00+02:00", "Drupal: Dublin Core", ("فراس الرواشدة",)),
    Placed(NEWS, "oud-maker", "rasif", "2024-12-05", "Blogger: lines divided by br, day above the post", ("وليد نحاس",)),
    Placed(NEWS, "ferry-fire", "mina", "2025-06-02T08:40:00+03:00", "AMP"),
    Placed(NEWS, "heatwave-gulf", "mina", "2025-06-16T11:00:00+03:00", "AMP; breaking weather"),
    # --- legacy.warc: an uncompressed WARC of 2012, charsets of the time
    Placed(LEGACY, "inflation-legacy", "waha", "2008-03-11", "windows-1256 declared by meta; nested tables", charset="windows-1256"),
    Placed(LEGACY, "solar-legacy", "waha", "2011-11-20", "windows-1256 declared by HTTP only", charset="windows-1256", declared="http"),
    Placed(LEGACY, "port-workers", "waha", "2012-02-23", "windows-1256 declared nowhere", charset="windows-1256", declared="nowhere"),
    Placed(LEGACY, "elections-tunis", "souq", "2012-01-24", "ISO-8859-6 declared by meta; كانون الثاني", charset="iso-8859-6"),
    Placed(LEGACY, "somalia-base", "souq", "2012-03-15", "ISO-8859-6 declared by HTTP only", charset="iso-8859-6", declared="http"),
    Placed(LEGACY, "census-saudi", "lamha", "2011-10-05", "UTF-16 with a byte order mark", charset="utf-16le", declared="nowhere"),
    Placed(LEGACY, "wedding-cost", "lamha", "2012-03-30", "UTF-8 declared nowhere; date in the address only", declared="nowhere"),
    Placed(LEGACY, "double-encoded", "nahr", "2012-02-11T10:00:00+00:00", "mojibake: title and text are UTF-8 read as windows-1252 and saved as UTF-8", mangled="mojibake"),
    Placed(LEGACY, "presentation-forms", "waraqa", "", "presentation forms, tatweel, zero-width and bidi marks; no date at all", mangled="presentation_forms"),
    # --- mixed.warc.gz: articles on hostile pages; the refusals of this dump stand in oddities.py
    Placed(MIXED, "nul-bytes", "lamha", "2025-06-01", "NUL bytes between and inside the paragraphs", mangled="nul_bytes"),
    Placed(MIXED, "megabyte-attribute", "nahr", "2025-02-18T10:00:00+03:00", "an attribute of one megabyte before the text", mangled="megabyte_attribute"),
    Placed(MIXED, "colspan-table", "lamha", "2025-05-25", "a table with colspan=1000000000 before the text", mangled="huge_colspan"),
    Placed(MIXED, "unclosed-markup", "atlas", "2025-02-20T09:00:00", "tags that are never closed or closed twice", ("حسناء الوزاني",), mangled="unclosed_tags"),
    Placed(MIXED, "cut-off", "waha", "2025-02-03", "the page ends in the middle of its last sentence", mangled="cut_off"),
    Placed(MIXED, "gallery-flowers", "album", "2025-05-11T09:00:00+03:00", "a gallery with a text"),
    # --- damaged.warc.gz: what is whole must come out
    Placed(DAMAGED, "mines-libya", "nahr", "2025-04-10T12:00:00+02:00", "before the garbage"),
    Placed(DAMAGED, "flood-derna", "shurfa", "2025-04-12T10:30:00+02:00", "after the garbage", ("مروة بن عيسى",)),
    Placed(DAMAGED, "coffee-yemen", "yasmin", "2025-05-30T09:00:00+02:00", "after a damaged record", ("ديما شرف",)),
    # --- site.zip
    Placed(SITE_ZIP, "book-fair", "nahr", "2024-11-07T11:00:00+04:00", "WordPress page in an archive", ("شهد المازم",), member="2024/book-fair.html"),
    Placed(SITE_ZIP, "telescope-nabta", "mahrousa", "2025-01-12T15:15:00", "Egyptian portal in an archive", ("نهى شاكر",), member="news/telescope.html"),
    Placed(SITE_ZIP, "marathon-amman", "ufuq", "2025-05-09T16:00:00+03:00", "Drupal page in an archive", ("تمارا حجازي",), member="node/marathon.html"),
    Placed(SITE_ZIP, "envoy-khartoum-b", "manara", "2025-06-11T15:45:00+03:00", "wire copy with another lead", credit="المصدر: وكالة فرانس برس", credited="أ ف ب", near="envoy-khartoum", member="news/envoy.html"),
    Placed(SITE_ZIP, "antiquities-ring", "waraqa", "", "the same text on a page without a date", copy_of="antiquities-ring", member="p/antiquities.html"),
    # --- feed.jsonl: markup
    Placed(FEED, "monastery-restored", "shurfa", "2025-04-06T14:00:00+03:00", "JSON line with html", ("ميسم داود",)),
    Placed(FEED, "flights-new", "mina", "2025-05-05T10:00:00+03:00", "short news; AMP in a JSON line"),
    Placed(FEED, "summit-baghdad-b", "daffa", "2025-05-23", "near copy on another site, a day later", near="summit-baghdad"),
    Placed(FEED, "measles-campaign", "manara", "2025-05-04T09:00:00+03:00", "an address that another dump holds too", ("محمد الحموي",), copy_of="measles-campaign"),
    # --- texts.jsonl.gz: ready text
    Placed(TEXTS, "municipal-kuwait", "waraqa", "", "ready text without furniture or date", as_text=True),
    Placed(TEXTS, "elderly-homes", "lamha", "2025-03-25", "ready text; its record states the date, day first, and the author", ("ريم الحسن",), stated="25/03/2025", as_text=True),
    Placed(TEXTS, "gold-prices-c", "lamha", "2025-05-13", "wire copy with the agency in the dateline", credited="رويترز", near="gold-prices", as_text=True),
    Placed(TEXTS, "phone-short", "waraqa", "", "ready short text", as_text=True),
    Placed(TEXTS, "lost-bag", "waraqa", "", "ready short text with leftover furniture lines", as_text=True),
    # --- crawl.wet.gz: text of whole pages, one line a block
    Placed(WET, "swimming-wet", "mahrousa", "2025-04-20T13:00:00", "text of a page with its menu, lists and form", ("ياسر شوقي",)),
    Placed(WET, "plastic-nile", "dana", "2025-01-30", "text of a page; both calendars", shown="الخميس 30 رجب 1446 هـ الموافق 30 يناير 2025 م"),
    Placed(WET, "journalist-prize", "daffa", "2025-05-27", "text of a page; ماي"),
    Placed(WET, "gold-prices-b", "sanabel", "2025-05-12T13:30:00", "wire copy with another lead and one more line", credit="المصدر: وكالة رويترز", credited="رويترز", near="gold-prices"),
    Placed(WET, "vaccine-short", "atlas", "2025-04-29T11:00:00", "short news in the text of a page"),
    # --- pages/: loose files
    Placed(PAGES, "baccalaureate", "daffa", "2025-06-04", "loose file; جوان", ("منى الشابي",), member="baccalaureate.html"),
    Placed(PAGES, "chess-school", "rasif", "2025-03-09", "loose file in a folder below; windows-1256", ("محمد فال",), charset="windows-1256", member="2025/chess-school.html"),
    Placed(REPORTS, "heart-centre", "ufuq", "2025-04-16", "plain text file, title first, then the date", member="heart-centre.txt"),
)  # fmt: skip
