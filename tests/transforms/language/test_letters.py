"""The detector `letters`: every variety of Arabic, and the languages that look like it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warraq.transforms.language.letters import identify

ARABIC = "أعلنت بلدية المدينة أن الجسر الجديد سيفتح أمام السيارات صباح الأحد بعد أعمال دامت سنتين."
ENGLISH = "The council said that the new bridge would open to traffic on Sunday morning."
PERSIAN = "شهرداری اعلام کرد که پل جدید صبح یکشنبه به روی خودروها باز خواهد شد."
VARIETIES = {
    "standard": ARABIC,
    "egyptian": "الكوبري الجديد هيفتح يوم الحد الصبح والناس كلها مستنية علشان الزحمة بقت صعبة قوي في البلد.",
    "levantine": "الجسر الجديد رح يفتح يوم الأحد الصبح والناس ناطرة من زمان لأنه العجقة صارت كتير بالبلد.",
    "gulf": "الجسر اليديد بيفتح يوم الأحد الصبح والناس تنطره من زمان لأن الزحمة وايد في الديرة.",
    "moroccan": "القنطرة الجديدة غادي تحل نهار الحد فالصباح والناس كيتسناو من شحال هادي حيت الزحام بزاف فالمدينة.",
    "iraqi": "الجسر الجديد راح يفتح يوم الأحد الصبح والناس تنتظره من زمان لأن الزحام هواي بالمدينة.",
    "with vowels": "أَعْلَنَتِ الْبَلَدِيَّةُ أَنَّ الْجِسْرَ الْجَدِيدَ سَيُفْتَحُ صَبَاحَ الْأَحَدِ أَمَامَ السَّيَّارَاتِ.",
    "with tatweel": "أعلنت البلـــدية أن الجســـر الجديد سيفتـــح صباح الأحـــد أمام السيـــارات.",
    "iranian keyboard": ARABIC.replace("ي", "ی").replace("ك", "ک").replace("ى", "ی"),
    "foreign names": "وصل المخرج گیلان پاشا إلى مدينة چناق قلعة قبل أن يلتقي ڤيكتور في فندق المدينة القديم.",
    "latin names": "أطلقت شركة Nova Systems تطبيقا جديدا اسمه FlyBoard على متجر Google Play في المنطقة العربية.",
    "without hamza": "اعلنت البلديه ان الجسر الجديد سيفتح امام السيارات صباح الاحد بعد اعمال دامت سنتين في المدينه.",
}
OTHERS = {
    "fa": [
        PERSIAN,
        "اين پل از سه سال پيش در دست ساخت بود و براي مردم شهر بسيار مهم است.",  # typed with the Arabic ي and ك
        "به گزارش خبرنگار ما، استاندار از پروژه‌های عمرانی شهر بازدید کرد و گفت بودجه آن تأمین شده است.",
    ],
    "ur": ["شہر کی انتظامیہ نے کہا ہے کہ نیا پل اتوار کی صبح گاڑیوں کے لیے کھول دیا جائے گا۔"],
    "ps": ["ښاروالۍ وویل چې نوی پل به د یکشنبې په سهار د موټرو پر مخ پرانیستل شي او خلک یې انتظار کوي."],
    "ckb": ["شارەوانی ڕایگەیاند کە پردە نوێیەکە بەیانی ڕۆژی یەکشەممە بۆ ئۆتۆمبێلەکان دەکرێتەوە."],
    "sd": ["ميونسپل ڪميٽي چيو آهي ته نئين پل آچر جي صبح جو گاڏين لاءِ کولي ويندي ۽ ماڻهو خوش آهن."],
    "ug": ["شەھەرلىك ھۆكۈمەت يېڭى كۆۋرۈكنىڭ يەكشەنبە كۈنى ئەتىگەندە ماشىنىلارغا ئېچىلىدىغانلىقىنى ئېلان قىلدى."],
    "azb": ["شهر ایداره‌سی دئدی کی یئنی کؤرپو بازار گونو سحر ماشینلار اوچون آچیلاجاق و بو ایش چوخ اوزون چکدی."],
    "pnb": [
        "شہر دی انتظامیہ نے آکھیا اے کہ نواں پل اتوار دے دن سویرے گڈیاں واسطے کھول دتا جائے گا تے لوکاں نوں سوکھ ہووے گا۔"
    ],
    "ms": ["مجليس بندران ممبري تاهو بهاوا جمبتن بارو يڠ دبينا سجق دوا تاهون لالو اكن دبوك ڤد ڤاڬي احد."],
    "ks": ["شہرٕچ انتظامیہ چھ ونان زِ نٔو پُل چھُ آتھوار دۄہ صُبحَس گاڑِیَن خٲطرٕ یلہٕ یِوان کرنہٕ تہٕ لُکھ چھِ خۄش۔"],
    "en": [ENGLISH],
    "fr": ["La mairie a annoncé que le nouveau pont ouvrirait à la circulation dimanche matin."],
    "he": ["העירייה הודיעה כי הגשר החדש ייפתח לתנועה ביום ראשון בבוקר."],
    "tr": ["Belediye, yeni köprünün pazar sabahı trafiğe açılacağını duyurdu ve halk çok sevindi."],
}
MIXED = [ARABIC, ARABIC, PERSIAN, ENGLISH, "محمد علي"]
FOREIGN = [(code, text) for code, texts in OTHERS.items() for text in texts]
# Own sentences of the kinds that are easily mistaken: dialects, headlines, verse, scripture, names, lists, bilingual text.
HARD_ARABIC = {
    "egyptian news chat": "قال لك ايه الراجل ده لما شاف الزحمة؟ احنا كنا واقفين هنا من الصبح ومحدش سأل فينا خالص.",
    "egyptian short": "الدنيا زحمة قوي النهارده في وسط البلد",
    "egyptian without particles": "بتعمل ايه دلوقتي يا صاحبي؟ عايزين نروح السينما بكره",
    "gulf": "شلونكم يا جماعة، اليوم الجو وايد حار ولا حد يقدر يطلع برع البيت",
    "gulf short": "وش السالفة يا خوي وين رحتوا أمس",
    "saudi": "أبغى أروح السوق بس ما عندي سيارة، تكفى وصلني معك",
    "levantine": "شو بدك تعمل بكرا؟ أنا رح ضل بالبيت لأنه الطقس كتير بارد",
    "syrian short": "كيفك يا زلمة وينك مختفي هالأيام",
    "palestinian": "إحنا مش رايحين ع الدار إلا لما يخلص الدوام، وبعدين بنشوف شو بصير",
    "iraqi": "شكو ماكو اليوم؟ الجهال راحوا للمدرسة وآني كاعد بالبيت",
    "iraqi with gaf and che": "گلتله ليش ما چنت وياهم البارحة بالمقهى، گال جان تعبان",
    "moroccan": "واش بغيتي تمشي معانا للسوق ولا لا؟ راه الجو زوين بزاف اليوم",
    "moroccan with gaf": "ڭالو ليه بلي الطريق مسدودة حدا الڭراج وخاصو يدور من الجهة الأخرى",
    "algerian with ve and pe": "رحت لڨالمة باش نشوف صاحبي، والطريق كانت مزيانة بصح السخانة كانت قوية",
    "algerian": "واش راك خويا لاباس؟ كي نكمل الخدمة نجي عندكم نشربو قهوة",
    "tunisian": "شنوة أحوالكم اليوم؟ برشا ناس خرجو للبحر خاطر الطقس سخون ياسر",
    "tunisian with va": "مشينا لڤابس في الكار، والثنية كانت طويلة ياسر أما الجو باهي",
    "libyan": "شن حالكم يا شباب؟ توا بنمشوا للبحر وبعدين نرجعوا للحوش",
    "sudanese": "الناس ديل قاعدين هنا من زمان وما في زول سألهم عن حاجة",
    "yemeni": "كيف حالكم اليوم؟ قد احنا في الطريق بانوصل لعندكم بعد شوية",
    "mauritanian hassaniya": "آش حالك اليوم؟ ذاك الراجل اللي شفنا يامس كان يدور داره",
    "flash 40 letters": "عاجل: زلزال بقوة خمس درجات يضرب شرق تركيا",
    "flash names only": "ترامب وبوتين وزيلينسكي في قمة باريس",
    "flash score": "الأهلي 2 - 1 الزمالك، والوداد يتعادل مع الرجاء",
    "headline without article": "مقتل ثلاثة جنود وإصابة خمسة في هجوم شمال مالي",
    "headline verbs": "وفاة فنان شهير عن عمر يناهز سبعين عاما",
    "headline names": "محمد صلاح يسجل هدفين أمام مانشستر سيتي",
    "prices": "سعر الدولار 47.50 جنيه، سعر اليورو 51.20 جنيه، سعر الذهب عيار 21",
    "poetry with all vowels": "يَا لَيْلُ طُلْ أَوْ لَا تَطُلْ فَالقَلْبُ سَاهِرٌ\nوَالنَّجْمُ يَرْعَى مُقْلَتَيَّ وَيَسْمَعُ",
    "poetry two hemistichs": "سكن الليل وفي ثوب السكون *** تختبي الأحلام وسعى البدر وللبدر عيون *** ترصد الأيام",
    "quran spelling": "ٱلۡحَمۡدُ لِلَّهِ رَبِّ ٱلۡعَٰلَمِينَ ٱلرَّحۡمَٰنِ ٱلرَّحِيمِ مَٰلِكِ يَوۡمِ ٱلدِّينِ",
    "quran plain": "قل هو الله أحد الله الصمد لم يلد ولم يولد ولم يكن له كفوا أحد",
    "prayer": "اللهم صل وسلم وبارك على سيدنا محمد وعلى آله وصحبه أجمعين",
    "tech with english": "أعلنت شركة OpenText عن إطلاق منصة Cloud Editions 24.4 التي تدعم Kubernetes وAmazon Web Services مع واجهة REST API جديدة",
    "tech half english": "معالج Snapdragon 8 Gen 3 مع ذاكرة 12GB RAM وشاشة Dynamic AMOLED 2X بتردد 120Hz وبطارية 5000mAh",
    "brands with persian letters": "تستورد شركة پارس قطع غيار پيجو وڤولڤو من مدينة چالوس إلى الأسواق العربية منذ سنوات",
    "kurdish names": "استقبل رئيس حكومة إقليم كوردستان مسرور بارزاني اليوم وفدا من پيرمام وأربيل في مكتبه الرسمي",
    "persian names quoted": "التقى وزير الخارجية الإيراني عباس عراقچي نظيره في طهران وبحث معه ملف «برنامه هستهای» كما تسميه الصحف الإيرانية",
    "hashtags": "#مصر #القاهرة #أخبار_مصر #عاجل #السيسي #الأهلي #الزمالك",
    "kashida headline": "الــرئيــس يــستقــبل وفـــداً مــن رجــال الأعـــمال",
    "bilingual arabic first": "عقد المجلس اجتماعه الأسبوعي أمس وناقش مشروع الموازنة الجديدة وأحاله إلى اللجنة المالية لدراسته.\nThe council held its weekly meeting yesterday.",
    "recipe": "كوب دقيق، ملعقة سكر، بيضتان، نصف كوب حليب، ملعقة صغيرة ملح، زيت للقلي",
    "moroccan with french": "كنخدم فواحد la société ديال الكمبيوتر فكازا، والباطرون ديالي واحد السيد sérieux بزاف، والخدمة زوينة",
}
HARD_OTHERS = {
    "arabizi": "ya 3am el nas kolha 3arfa en el se3r hayzeed bokra w ma7adesh beytkallem",
    "arabizi levantine": "shu 3am ta3mel halla2? ana bel bet w ma fi chi jdid",
    "kurdish arabic page": "سەرۆکی حکومەتی هەرێمی کوردستان ئەمڕۆ پێشوازی لە شاندێکی بازرگانی کرد و باسی هەلی وەبەرهێنان کرا.\nقال الوفد إن الزيارة مهمة.",
    "kurdish old spelling": "سه رۆکی حکومه ت ئه مرۆ پێشوازی له وه فدێکی بازرگانی کرد",
    "kurdish short": "هەواڵ و چالاکی وەزارەت",
    "urdu with arabic quotation": "وزیر اعظم نے اپنی تقریر کا آغاز بسم الله الرحمن الرحيم سے کیا اور کہا کہ ملک کی ترقی کے لیے سب کو مل کر کام کرنا ہوگا۔",
    "urdu headline": "پاکستان میں مہنگائی کی شرح میں اضافہ",
    "urdu without own letters": "حکومت کا عوام کو ریلیف دینے کا فیصلہ",
    "persian with arabic prayer": "بسم الله الرحمن الرحيم\nاللهم صل على محمد وآل محمد\nسخنران مراسم گفت که ماه رمضان فرصتی برای خودسازی است و مردم باید از این روزها بهره ببرند و به نیازمندان کمک کنند.",
    "persian headline": "رئیس جمهور وارد استان فارس شد",
    "persian headline no letters": "قیمت دلار امروز افزایش یافت",
    "persian typed with arabic keys": "رئيس جمهور در سفر به استان از طرح هاي عمراني بازديد كرد و دستورات لازم را صادر كرد",
    "persian sport": "تیم ملی فوتبال ایران مقابل ژاپن به برتری رسید",
    "dari": "وزارت صحت عامه از ثبت ده مورد جدید ویروس در ولایت هرات خبر داد",
    "pashto short": "د افغانستان ولسمشر کابل ته ستون شو",
    "pashto headline": "په کندهار کې د چاودنې له امله څلور کسان ووژل شول",
    "sindhi": "سنڌ حڪومت تعليم لاءِ نئين بجيٽ جو اعلان ڪيو آهي",
    "uyghur short": "شىنجاڭدىكى ئۇيغۇرلار ھەققىدە خەۋەر",
    "ottoman": "دولت عليه نك مصارف عموميه سى ايچون ياپيلان استقراضه دائر اراده سنيه صادر اولدى",
    "azeri": "آذربایجانین باش ناظری بو گون تبریزده گؤروش کئچیردی",
    "jawi": "كراجاءن مليسيا اكن ممبري بنتوان كڤد راكيت يڠ ترليبت دالم بنجير",
    "kashmiri": "کٔشیٖر منٛز چھُ از موسم سٮ۪ٹھاہ سرد تہٕ شین پیوان",
    "balochi": "بلوچستان ءِ وزیراعلیٰ ءَ گوشتگ کہ مردمانی مسئلہاں گیش و گیوار کنگ بنت",
    "hausa ajami none english": "The minister said on Sunday that the talks would resume next week in Cairo.",
    "french": "Le ministre a déclaré dimanche que les négociations reprendraient la semaine prochaine au Caire.",
    "hebrew": "השר אמר ביום ראשון כי השיחות יחודשו בשבוע הבא בקהיר.",
    "syriac": "ܡܠܦܢܐ ܐܡܪ ܕܟܬܒܐ ܗܢܐ ܛܒ ܗܘ",
}
# Kurmanji in Arabic letters may pass for Sorani; all that matters is that it doesn't pass for Arabic.
KURMANJI = "شارەوانیێ گۆت کو پرا نوی دێ سپێدا ئێکشەمبیێ ل بەر ترومبێلان ڤەبیت و خەلک گەلەک کەیفخۆش بوون."


@pytest.mark.parametrize("text", VARIETIES.values(), ids=VARIETIES.keys())
def test_every_variety_of_arabic_is_arabic(text):
    verdict = identify(text)
    assert verdict.language == "ar"
    assert verdict.score == 1.0
    assert verdict.evidence.startswith("words ")


@pytest.mark.parametrize("text", HARD_ARABIC.values(), ids=HARD_ARABIC.keys())
def test_arabic_that_is_easily_mistaken(text):
    verdict = identify(text)
    assert verdict.language == "ar"
    assert verdict.score > 0.5


@pytest.mark.parametrize("text", HARD_OTHERS.values(), ids=HARD_OTHERS.keys())
def test_what_is_easily_taken_for_arabic(text):
    verdict = identify(text)
    assert verdict.language != "ar" or verdict.score < 0.5


@pytest.mark.parametrize(("code", "text"), FOREIGN)
def test_neighbours_and_others_are_named(code, text):
    assert identify(text).language == code


def test_kurmanji_is_not_arabic():
    assert identify(KURMANJI).language in {"kmr", "ckb"}


def test_names_alone_are_left_to_langdetect():
    assert identify("محمد علي\nسعاد حسني").evidence == "langdetect"


@pytest.mark.parametrize(
    ("lines", "language"),
    [
        ([ARABIC, ARABIC, ENGLISH], "ar"),
        ([ARABIC, ENGLISH, ENGLISH], "en"),
        ([ARABIC, ARABIC, PERSIAN], "ar"),
        ([PERSIAN, PERSIAN, ARABIC], "fa"),
        (["محمد علي", ARABIC, "سعاد حسني"], "ar"),  # names follow the rest
        (["محمد علي", PERSIAN, "سعاد حسني"], "fa"),
    ],
)
def test_the_main_language_of_a_mixed_page_counts(lines, language):
    verdict = identify("\n".join(lines))
    assert verdict.language == language
    assert verdict.score > 0.5


def test_the_score_is_the_share_of_letters():
    half = identify(f"{ARABIC}\n{PERSIAN}")
    assert identify(f"{ARABIC}\n{ARABIC}\n{PERSIAN}").score > half.score > 0.5


@given(st.text(max_size=200))
def test_any_text_has_a_verdict(text):
    verdict = identify(text)
    assert verdict.language
    assert 0.0 <= verdict.score <= 1.0
    assert identify(text) == verdict


@given(st.permutations(MIXED))
def test_the_order_of_lines_does_not_matter(lines):
    assert identify("\n".join(lines)) == identify("\n".join(MIXED))
