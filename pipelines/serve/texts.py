"""The words of the interface, in English and Arabic. Words of the dataset (titles, names) are shown as they are."""

from collections.abc import Callable
from typing import Final, TypeAlias

from warraq.pipelines.remedies import ERROR_REMEDY, REMEDIES
from warraq.schemas.labels import ENTITY_KINDS, ERROR_REASON, OTHER_TOPIC, REASONS, TOPICS

LANGUAGES: Final = {"en": "English", "ar": "العربية"}
Translate: TypeAlias = Callable[[str], str]

_TEXTS: Final[dict[str, tuple[str, str]]] = {
    "skip": ("Skip to the content", "انتقل إلى المحتوى"),
    "overview": ("Overview", "نظرة عامة"),
    "search": ("Search", "بحث"),
    "names": ("Names", "الأسماء"),
    "trends": ("Trends", "اتجاهات"),
    "map": ("Map", "خريطة"),
    "sites": ("Sites", "المواقع"),
    "ledger": ("Ledger", "سجل الصفحات"),
    "search_for": ("Words to search for", "كلمات البحث"),
    "search_hint": ("words, a “phrase”, a name …  (key /)", "كلمات أو «عبارة» أو اسم …  (المفتاح /)"),
    "find": ("Find", "ابحث"),
    "theme": ("Colours", "الألوان"),
    "light": ("Light", "فاتح"),
    "dark": ("Dark", "داكن"),
    "auto": ("As the system", "بحسب النظام"),
    "language": ("Language", "اللغة"),
    "article": ("Article", "مقال"),
    "articles": ("Articles", "مقالات"),
    "pages": ("Pages", "صفحات"),
    "page": ("Page", "صفحة"),
    "previous": ("Previous", "السابق"),
    "next": ("Next", "التالي"),
    "days": ("Days", "أيام"),
    "day": ("Day", "اليوم"),
    "week": ("Week from", "أسبوع يبدأ في"),
    "month": ("Month from", "شهر يبدأ في"),
    "year": ("Year from", "سنة تبدأ في"),
    "topic": ("Topic", "الموضوع"),
    "topics": ("Topics", "المواضيع"),
    "site": ("Site", "الموقع"),
    "name": ("Name", "الاسم"),
    "kind": ("Kind", "النوع"),
    "since": ("From", "من"),
    "until": ("To", "إلى"),
    "any": ("All", "الكل"),
    "apply": ("Apply", "طبّق"),
    "remove": ("Remove", "أزل"),
    "person": ("person", "شخص"),
    "place": ("Place", "مكان"),
    "persons": ("Persons", "أشخاص"),
    "places": ("Places", "أماكن"),
    "organisations": ("Organisations", "منظمات"),
    "misc_names": ("Other names", "أسماء أخرى"),
    "by_time": ("Articles over time", "المقالات عبر الزمن"),
    "by_topic": ("Articles by topic", "المقالات بحسب الموضوع"),
    "by_site": ("Articles by site", "المقالات بحسب الموقع"),
    "newest": ("Newest articles", "أحدث المقالات"),
    "snippets": ("Beginnings of the texts", "بدايات النصوص"),
    "results": ("Results", "النتائج"),
    "no_results": (
        "Nothing was found. Use fewer words or remove a facet.",
        "لا نتائج. جرّب كلمات أقل أو أزل أحد المرشحات.",
    ),
    "no_articles": ("The dataset has no articles yet.", "لا مقالات في مجموعة البيانات بعد."),
    "facets_of_first": ("Counted in the best hits:", "محسوب من أفضل النتائج:"),
    "untitled": ("(without title)", "(بلا عنوان)"),
    "sql": ("The SQL behind this page", "استعلامات SQL وراء هذه الصفحة"),
    "sql_note": (
        "Each statement is exactly what ran. Run it yourself: warraq query",
        "كل استعلام هنا هو ما نُفّذ بالضبط. نفّذه بنفسك: warraq query",
    ),
    "copy": ("Copy", "نسخ"),
    "copied": ("Copied", "نُسخ"),
    "numbers": ("The numbers as a table", "الأرقام في جدول"),
    "names_in": ("Names in this article", "الأسماء في هذا المقال"),
    "no_copies": ("No other article has this text.", "لا مقال آخر له هذا النص."),
    "near_copy": ("near copy", "نسخة قريبة"),
    "original": ("original", "الأصل"),
    "beside": ("Show beside", "اعرض بجانبه"),
    "alone": ("Show alone", "اعرض وحده"),
    "details": ("Details", "التفاصيل"),
    "published": ("Published", "نُشر"),
    "fetched": ("Fetched", "جُلب"),
    "credit": ("Agency", "الوكالة"),
    "section": ("Section", "القسم"),
    "tags": ("Tags", "الوسوم"),
    "words": ("Words", "كلمات"),
    "source_page": ("The page on the web", "الصفحة على الويب"),
    "explain": ("Why this result", "سبب هذه النتيجة"),
    "explain_note": (
        "Run this where the dumps are, to see the verdict of each stage:",
        "نفّذ هذا حيث توجد ملفات الزحف لترى حكم كل مرحلة:",
    ),
    "date_source": ("Source of the date", "مصدر التاريخ"),
    "language_score": ("Language score", "درجة اللغة"),
    "topic_score": ("Topic score", "درجة الموضوع"),
    "extraction_score": ("Extraction score", "درجة الاستخلاص"),
    "charset": ("Charset", "الترميز"),
    "dump": ("Dump", "ملف الزحف"),
    "with_whom": ("With whom", "مع من"),
    "where": ("Where", "أين"),
    "when": ("When", "متى"),
    "with_what": ("With which organisations", "مع أي منظمات"),
    "in_papers": ("In which papers", "في أي صحف"),
    "about": ("About which topics", "في أي مواضيع"),
    "spellings": ("As written", "كما كُتب"),
    "mentions": ("Mentions", "مرات الذكر"),
    "also_kind": ("Also named as", "ذُكر أيضا بوصفه"),
    "rising": ("Rising names", "أسماء صاعدة"),
    "rising_note": (
        "Stories of the last days against the number to expect from the days before. A name has at least three.",
        "قصص الأيام الأخيرة مقارنة بما تنبئ به الأيام السابقة لها. لكل اسم ثلاث قصص على الأقل.",
    ),
    "compare": ("Compare names", "قارن بين الأسماء"),
    "compare_hint": ("names, separated by commas", "أسماء تفصل بينها فواصل"),
    "last_days": ("Last days", "الأيام الأخيرة"),
    "until_day": ("The last day is", "آخر يوم هو"),
    "map_note": (
        "Places with known coordinates. The area of a circle is the number of articles. Borders as in Natural Earth.",
        "الأماكن المعروفة الإحداثيات. مساحة الدائرة هي عدد المقالات. الحدود كما في Natural Earth.",
    ),
    "not_on_map": ("Places without known coordinates", "أماكن لا إحداثيات معروفة لها"),
    "undated": ("Without date", "بلا تاريخ"),
    "without_author": ("Without author", "بلا كاتب"),
    "copied_share": ("Copies", "منسوخة"),
    "doubtful": ("Doubtful text", "نص مشكوك فيه"),
    "first_day": ("First day", "أول يوم"),
    "last_day": ("Last day", "آخر يوم"),
    "who_copies": ("Who copies whom", "من ينسخ عمن"),
    "copier": ("Copier", "الناسخ"),
    "source": ("Source", "المصدر"),
    "read": ("Pages read", "صفحات قُرئت"),
    "kept": ("Articles kept", "مقالات حُفظت"),
    "rejected": ("Refused pages", "صفحات مرفوضة"),
    "refused_rows": ("Refused pages, one by one", "الصفحات المرفوضة واحدة واحدة"),
    "mass_note": (
        "Pages refused as not_html and no_arabic_bytes are counted; they have rows only after --rejected all.",
        "الصفحات المرفوضة بسبب not_html وno_arabic_bytes تُعدّ فقط، ولها صفوف بعد --rejected all وحده.",
    ),
    "stage": ("Stage", "المرحلة"),
    "reason": ("Reason", "السبب"),
    "meaning": ("Meaning", "المعنى"),
    "funnel": ("Pages left after each stage", "الصفحات الباقية بعد كل مرحلة"),
    "funnel_start": ("all pages", "كل الصفحات"),
    "by_reason": ("Refused by reason", "المرفوض بحسب السبب"),
    "runs": ("Runs", "عمليات التشغيل"),
    "run": ("Run", "التشغيل"),
    "dumps": ("Dumps", "ملفات الزحف"),
    "committed_at": ("Committed", "اعتُمد"),
    "address": ("Address", "العنوان"),
    "score": ("Score", "الدرجة"),
    "part": ("Part", "الجزء"),
    "offset": ("Offset", "الموضع"),
    "charsets": ("Charsets", "الترميزات"),
    "not_found": ("There is no such page.", "لا توجد صفحة كهذه."),
    "gone": (
        "The dataset has no such article; it may have been taken down.",
        "لا مقال كهذا في مجموعة البيانات؛ لعله أُزيل.",
    ),
    "wrong_method": ("These pages can only be read.", "هذه الصفحات للقراءة فقط."),
    "failed": ("The question can't be answered", "تعذّرت الإجابة عن السؤال"),
    "footer": (
        "Read-only, on this machine only. Nothing is loaded from elsewhere.",
        "للقراءة فقط وعلى هذا الجهاز وحده، ولا يُحمَّل شيء من خارجه.",
    ),
    "no_script": (
        "Charts need JavaScript; the numbers are in the tables.",
        "تحتاج الرسوم إلى JavaScript؛ والأرقام في الجداول.",
    ),
    "report": ("Report", "تقرير"),
    "whole_dataset": ("the whole dataset", "مجموعة البيانات كلها"),
    "changes": ("Changes since the last report", "ما تغيّر منذ التقرير السابق"),
    "no_last_report": ("There is no earlier report to compare with.", "لا تقرير سابق للمقارنة."),
    "no_changes": ("Nothing has changed.", "لم يتغيّر شيء."),
    "before": ("Before", "قبل"),
    "now": ("Now", "الآن"),
    "change": ("Change", "التغيّر"),
    "by_date_source": ("Articles over time, by source of the date", "المقالات عبر الزمن بحسب مصدر التاريخ"),
    "topics_over_time": ("Articles over time, by topic", "المقالات عبر الزمن بحسب الموضوع"),
    "rest": ("the rest", "البقية"),
    "scores": ("Scores and thresholds", "الدرجات والعتبات"),
    "samples": ("Samples of refused pages", "عيّنات من الصفحات المرفوضة"),
    "quality": ("Quality: refused by rule", "الجودة: المرفوض بحسب القاعدة"),
    "quality_note": (
        "Rules of quality keep no score; these are the pages that each rule refused.",
        "لا تحفظ قواعد الجودة درجات؛ وهذه هي الصفحات التي رفضتها كل قاعدة.",
    ),
    "stories": ("Stories", "القصص الخبرية"),
    "stories_note": (
        "A story is an article with all copies of it. Copies count as pages, not as stories.",
        "القصة مقال مع كل نسخه. تُعدّ النسخ صفحات لا قصصا.",
    ),
    "went_round": ("Stories that went round", "قصص تناقلتها صفحات"),
    "first_site": ("first in", "أولا في"),
    "story": ("Who had it first, and who followed", "من نشره أولا ومن تبعه"),
    "story_note": (
        "Where pages of one day state no time, or a page states no date, which was first is not known.",
        "إذا لم تذكر صفحات اليوم الواحد الوقت، أو لم تذكر صفحة تاريخا، فلا يُعرف أيها كان الأول.",
    ),
    "exact_copy": ("exact copy", "نسخة مطابقة"),
    "hours": ("Hours", "ساعات"),
    "hours_short": ("h", "ساعة"),
    "days_short": ("d", "يوم"),
    "days_after": ("Days", "أيام"),
    "versions": ("Versions of this address", "نسخ هذا العنوان عبر الزمن"),
    "newest_version": ("newest", "الأحدث"),
    "addresses": ("Addresses", "العناوين"),
    "totals": ("Stories, addresses, articles without date", "القصص والعناوين والمقالات بلا تاريخ"),
    "usual": ("More than usual?", "أكثر من المعتاد؟"),
    "usual_note": (
        "Usual is the share of all articles in the eight periods before. A score of 3 or more is rare by chance.",
        "العدد المعتاد هو نصيبها من كل المقالات في الفترات الثماني السابقة. الدرجة 3 فأكثر نادرة بالصدفة.",
    ),
    "rare": ("Rare by chance", "نادر بالصدفة"),
    "expected": ("Usual", "المعتاد"),
    "times_usual": ("Times the usual", "مرات المعتاد"),
    "together": ("Named together", "ذُكروا معا"),
    "together_note": (
        "Copies of an article count as one story. Weight: each story has one point, which all names in it share.",
        "تُعدّ نسخ المقال قصة واحدة. الوزن: لكل قصة نقطة واحدة تتقاسمها كل الأسماء فيها.",
    ),
    "weight": ("Weight", "الوزن"),
    "papers": ("Share of each site", "نصيب كل موقع"),
    "of_all": ("Of all its articles", "من كل مقالاته"),
    "share": ("Share", "النسبة"),
    "letters": ("Find a name", "ابحث عن اسم"),
    "letters_hint": ("some letters of it", "بعض حروفه"),
    "alike": ("Names with these letters", "أسماء فيها هذه الحروف"),
    "no_names": ("No name has these letters.", "لا اسم فيه هذه الحروف."),
    "unit": ("Unit of time", "وحدة الزمن"),
    "unit_auto": ("By the period", "بحسب الفترة"),
    "unit_day": ("Day", "يوم"),
    "unit_week": ("Week", "أسبوع"),
    "unit_month": ("Month", "شهر"),
    "unit_quarter": ("Quarter", "ربع سنة"),
    "unit_year": ("Year", "سنة"),
    "quarter": ("Quarter from", "ربع سنة يبدأ في"),
    "yield": ("Pages and articles", "الصفحات والمقالات"),
    "yield_note": (
        "Of the whole dataset. Pages that are counted without a row are left out.",
        "لمجموعة البيانات كلها، من غير الصفحات التي تُعدّ بلا صفوف.",
    ),
    "kept_share": ("Kept", "حُفظ"),
    "agencies": ("Agencies credited", "وكالات نُسبت إليها المقالات"),
    "who_copies_note": (
        "Medians. Hours are known if both pages state a time. Without a date, the day is that of fetching.",
        "وسيط التأخر. تُعرف الساعات إذا ذكرت الصفحتان الوقت، ويوم الصفحة بلا تاريخ هو يوم الزحف.",
    ),
    "first_publishers": ("Who is copied, and who copies", "من يُنسخ عنه ومن ينسخ"),
    "copied_by_others": ("Stories others took", "قصص أخذها غيره"),
    "copied_from_others": ("Stories it took", "قصص أخذها"),
    "changes_since": ("What came after this run", "ما جاء بعد هذا التشغيل"),
    "taken_down": ("Taken down", "أُزيل"),
    "runs_note": ("Choose a run to see its pages, and what came after it.", "اختر تشغيلا لترى صفحاته وما جاء بعده."),
    "remedy": ("What to do", "ما العمل"),
    "ledger_scope": (
        "The ledger counts whole runs: a period does not narrow it.",
        "يَعدّ السجل عمليات تشغيل كاملة، فلا تضيّقه الفترة.",
    ),
}
# The kinds, and the topics with their Arabic names, come from the labels of the schema.
_KINDS: Final = {kind: (kind, arabic) for kind, arabic in ENTITY_KINDS.items()}
# The sentences of `labels.REASONS` in Arabic.
_REASONS: Final = {
    "corrupt_record": "تعذّرت قراءة السجل",
    "not_html": "ليست صفحة: نوع آخر من الملفات، أو محتوى فارغ",
    "http_error": "أجاب الخادم بخطأ أو بتحويل",
    "too_large": "الصفحة أكبر من الحد المسموح",
    "site_not_allowed": "ليس الموقع في قائمة --sites_allow",
    "site_blocked": "الموقع في قائمة --sites_block",
    "no_arabic_bytes": "لا نص عربيا فيها بأي ترميز",
    "undecodable": "لا ترميز يعطي نصا مقروءا",
    "no_main_text": "لم يوجد في الصفحة نص مقال",
    "not_an_article": "صفحة رئيسية أو قائمة أو متجر أو منتدى أو خطأ، أو ليست صفحة أصلا",
    "other_day": "يوم النشر خارج المدة في --days",
    "opted_out": "تمنع الصفحة أو خادمها استعمالها في تعلّم الآلة (--opt_out drop)",
    "parse_timeout": "استغرق التحليل وقتا أطول من --extract_timeout",
    "parse_crash": "تعطّل المحلّل عند هذه الصفحة",
    "too_short": "بقي نص أقل من --clean_min_words بعد إزالة الزوائد",
    "not_arabic": "النص بلغة أخرى",
    "word_count": "عدد الكلمات أقل أو أكثر من الحدود",
    "duplicate_lines": "الأسطر نفسها تتكرر",
    "repeated_words": "الكلمات أو العبارات نفسها تتكرر",
    "odd_words": "الكلمات أقصر أو أطول من كلمات النثر العربي",
    "few_letters": "معظمها أرقام ورموز",
    "no_stop_words": "تكاد تخلو من الكلمات الوظيفية التي لا يستغني عنها النثر",
    "short_lines": "معظم الأسطر قصيرة جدا: قائمة",
    "unpunctuated": "لا يكاد سطر ينتهي كما تنتهي الجمل",
    "few_sentences": "الأسطر عناوين لا جمل",
    "odd_marks": "نقاط تعداد أو علامات حذف أو وسوم في كل مكان",
    "duplicate": "لمقال سابق النص نفسه",
    "near_duplicate": "لمقال سابق النص نفسه تقريبا",
    "site_rules": "ملف robots.txt أو tdmrep.json يحجز صفحات؛ في opt_out إشاراته",
    "site_opted_out": "يحجز robots.txt أو tdmrep.json للموقع هذه الصفحة (--opt_out drop)",
    "forgotten": "أُزيل المقال من قبل؛ ولا يذكر الصف عنوانه",
    ERROR_REASON: "عطّلت الصفحة برنامجنا؛ والتفصيل يقول كيف",
}
# The sentences of `remedies.REMEDIES` in Arabic, by reason, or by stage and reason where two stages have it.
_REMEDIES: Final = {
    "corrupt_record": "اجلب ملف الزحف من جديد. السجلات قبله وبعده قُرئت.",
    "not_html": "لا شيء للصور والخلاصات والصفحات الفارغة. يعطي --rejected all صفا لكل منها.",
    "http_error": "ازحف إلى الصفحة من جديد.",
    "read/too_large": "ارفع --read_max_bytes إن كانت صفحة لا ملفا.",
    "site_rules": "لا شيء: ليست صفحة. إشاراته في opt_out للمقالات التي يخصها.",
    "site_not_allowed": "أضف الموقع إلى قائمة --sites_allow.",
    "site_blocked": "احذف الموقع من قائمة --sites_block.",
    "no_arabic_bytes": "لا شيء. يحدد --screen_min_letters القدر الكافي من العربية.",
    "undecodable": "انظر إلى البايتات: الصفحة تالفة، أو ترميزها لا تعرفه المتصفحات أيضا.",
    "no_main_text": "شغّل warraq explain: ربما يحمّل برنامج النصَ، أو يخفيه تسجيل الدخول.",
    "not_an_article": "استعمل --kinds all لحفظ صفحات كهذه؛ ويميزها page_kind من المقالات.",
    "opted_out": "لا شيء: يحجز الموقع هذا الاستعمال. مع --opt_out mark تُحفظ هذه الصفحات وتُعلّم.",
    "other_day": "وسّع المدة في --days.",
    "parse_timeout": "ارفع --extract_timeout إن استحقت الصفحة ذلك.",
    "parse_crash": "ارفع --extract_memory_mb أو أبلغ عن الصفحة. بقية الملف قُرئت.",
    "extract/too_large": "ارفع --extract_max_markup.",
    "too_short": "اخفض --clean_min_words.",
    "not_arabic": "لا شيء إن كانت اللغة في التفصيل صحيحة؛ وإلا فاخفض --language_min_score.",
    "word_count": "غيّر --quality_min_words أو --quality_max_words.",
    "duplicate_lines": "ارفع --quality_max_duplicate_lines أو --quality_max_duplicate_line_chars.",
    "repeated_words": "ارفع الخيار الذي يخص ما في التفصيل، مثل --quality_max_top_2gram.",
    "odd_words": "غيّر --quality_min_word_length أو --quality_max_word_length.",
    "few_letters": "اخفض --quality_min_letter_words: به تُرفض جداول النتائج.",
    "no_stop_words": "اخفض --quality_min_function_words و--quality_min_function_share.",
    "short_lines": "ارفع --quality_max_short_lines أو --quality_max_breaks_per_word: قوائم أو قصائد.",
    "unpunctuated": "اخفض --quality_min_punctuated_lines.",
    "few_sentences": "اخفض --quality_min_sentence_words.",
    "odd_marks": "ارفع خيار العلامة: --quality_max_bullet_lines أو --quality_max_hashes_per_word وغيرهما.",
    "duplicate": "لا شيء: في التفصيل article_id للمقال المحفوظ.",
    "near_duplicate": "استعمل --near_duplicates mark لحفظ هذه المقالات مع duplicate_of.",
    "site_opted_out": "لا شيء: يحجز الموقع هذا الاستعمال. مع --opt_out mark تُحفظ هذه الصفحات وتُعلّم.",
    "forgotten": "لا شيء: ما أُزيل لا يعود.",
    ERROR_REASON: "شغّل warraq explain على الصفحة وأبلغ عنها: العيب ليس في نصها.",
}
_TOPIC_NAMES: Final = {topic.slug: (topic.english, topic.arabic) for topic in TOPICS} | {
    OTHER_TOPIC: ("other", "غير ذلك")
}
# The sentences of `labels.DATE_SOURCES`, shortened.
_DATE_SOURCES: Final = {
    "record": ("the feed", "الخلاصة"),
    "json_ld": ("the page’s data (JSON-LD)", "بيانات الصفحة (JSON-LD)"),
    "meta": ("a meta tag", "وسم meta"),
    "time_tag": ("a time tag", "وسم time"),
    "byline": ("written on the page", "مكتوب في الصفحة"),
    "url": ("the address", "العنوان"),
    "fetched": ("day of fetching: no date stated", "يوم الجلب: لا تاريخ في الصفحة"),
}
KIND_TITLES: Final = {"person": "persons", "place": "places", "organisation": "organisations", "misc": "misc_names"}


def translator(language: str) -> Translate:
    """A function that gives the words of a key in the language.

    Raises:
      KeyError: from the function, for a key that does not exist.
    """
    place = list(LANGUAGES).index(language)
    return lambda key: _TEXTS[key][place]


def topic_name(slug: str, language: str) -> str:
    """The name of a topic in the language."""
    return _TOPIC_NAMES.get(slug, (slug, slug))[list(LANGUAGES).index(language)]


def kind_name(kind: str, language: str) -> str:
    """The name of a kind of entity in the language."""
    return _KINDS.get(kind, (kind, kind))[list(LANGUAGES).index(language)]


def date_source_name(source: str, language: str) -> str:
    """The words for a source of a date in the language."""
    return _DATE_SOURCES.get(source, (source, source))[list(LANGUAGES).index(language)]


def meaning(stage: str, reason: str, language: str) -> str:
    """The sentence for a reason of a stage; empty for one that has none."""
    english = REASONS.get(stage, {}).get(reason, "the page broke our code" if reason == ERROR_REASON else "")
    return _REASONS.get(reason, english) if language == "ar" else english


def remedy(stage: str, reason: str, language: str) -> str:
    """The sentence on what to do about a reason of a stage; empty for one that has none."""
    english = REMEDIES.get(stage, {}).get(reason, ERROR_REMEDY if reason == ERROR_REASON else "")
    if language != "ar":
        return english
    return _REMEDIES.get(f"{stage}/{reason}", _REMEDIES.get(reason, english))


def keys() -> list[str]:
    """All keys, for tests."""
    return list(_TEXTS)
