-- The macros of `warraq query`. Each has a comment, which `docs/reference.md` shows, and parameters with their types.
--
-- A period is the days from `since` to `until`, both included; NULL leaves that end open. These two have no declared
-- type, so that '2025-06-01', a DATE and a TIMESTAMP all pass; each is cast to a DATE.
-- A story is an article with its near copies: those whose `duplicate_of` is its `article_id`.
-- A name may have % for any letters, as in LIKE: '%ترامب' finds دونالد ترامب.
-- A parameter may have the name of a column, so columns are written with their table.

-- The form by which names are compared: without marks, hamza, and the spelling of final ya and ta marbuta.
CREATE MACRO name_key(name VARCHAR) AS
    lower(translate(name, 'أإآٱىةؤئـ' || 'ًٌٍَُِّْٰ', 'اااايهوي'));

-- True if the day lies in the period.
CREATE MACRO in_period(day DATE, since, until) AS
    (since IS NULL OR day >= since::DATE) AND (until IS NULL OR day <= until::DATE);

-- True if the name of an entity is the one that is asked for, which may have % for any letters.
CREATE MACRO is_named(asked VARCHAR, name VARCHAR) AS name_key(name) LIKE name_key(asked);

-- True if a list of entities has the name; with `exact`, spelled so, which is ten times as fast.
CREATE MACRO has_name(entities, name VARCHAR, exact BOOLEAN := false) AS
    CASE WHEN exact THEN list_contains([entity.name FOR entity IN entities], name)
        ELSE list_contains([is_named(name, entity.name) FOR entity IN entities], true) END;

-- Names that have these letters: how someone is called in the dataset.
CREATE MACRO names_like(letters VARCHAR) AS TABLE
    SELECT mentions.name, mentions.kind, count(DISTINCT mentions.article_id) AS articles,
        count(DISTINCT mentions.site) AS sites, min(mentions.date) AS first_day, max(mentions.date) AS last_day
    FROM mentions
    WHERE contains(name_key(mentions.name), name_key(letters))
    GROUP BY mentions.name, mentions.kind
    ORDER BY articles DESC, mentions.name, mentions.kind;

-- Articles that name someone or something in a period, newest first.
CREATE MACRO articles_naming(name VARCHAR, since := NULL, until := NULL) AS TABLE
    SELECT articles.date, articles.site, articles.title, articles.topic,
        len([1 FOR entity IN articles.entities IF is_named(name, entity.name)]) AS mentions,
        articles.duplicate_of, articles.article_id, articles.url
    FROM articles
    WHERE in_period(articles.date, since, until) AND has_name(articles.entities, name)
    ORDER BY articles.date DESC, mentions DESC, articles.article_id;

-- Names that stand with a name in the same articles. A story counts once, whatever its copies. For `weight`, each story
-- has one point, which all names in it share, so that a long list (a squad, a table of results) gives little to each.
CREATE MACRO named_with(
    name VARCHAR, kind VARCHAR := NULL, since := NULL, until := NULL, exact BOOLEAN := false
) AS TABLE
    WITH found AS (
        SELECT articles.article_id, coalesce(articles.duplicate_of, articles.article_id) AS story, articles.site,
            articles.date,
            list_distinct([{name: entity.name, kind: entity.kind} FOR entity IN articles.entities
                IF NOT is_named(name, entity.name)]) AS others
        FROM articles
        WHERE in_period(articles.date, since, until) AND has_name(articles.entities, name, exact := exact)
    ),
    pairs AS (
        SELECT found.article_id, found.story, found.site, found.date, len(found.others) AS width,
            unnest(found.others) AS other
        FROM found
    ),
    by_story AS (
        SELECT pairs.other, pairs.story, max(1 / (pairs.width + 1)) AS weight, count(*) AS articles,
            list(pairs.site) AS sites, min(pairs.date) AS first_day, max(pairs.date) AS last_day
        FROM pairs
        WHERE kind IS NULL OR pairs.other.kind = kind
        GROUP BY pairs.other, pairs.story
    )
    SELECT by_story.other.name AS name, by_story.other.kind AS kind, count(*) AS stories,
        round(sum(by_story.weight), 2) AS weight, sum(by_story.articles)::BIGINT AS articles,
        len(list_distinct(flatten(list(by_story.sites)))) AS sites, min(by_story.first_day) AS first_day,
        max(by_story.last_day) AS last_day
    FROM by_story
    GROUP BY by_story.other
    ORDER BY sum(by_story.weight) DESC, stories DESC, by_story.other.name, by_story.other.kind;

-- Sites that name someone or something. `share` is that of all articles of the site.
CREATE MACRO sites_naming(name VARCHAR, since := NULL, until := NULL, exact BOOLEAN := false) AS TABLE
    WITH found AS (
        SELECT articles.site, articles.date, has_name(articles.entities, name, exact := exact) AS has_it
        FROM articles
        WHERE in_period(articles.date, since, until)
    )
    SELECT found.site, count(*) FILTER (found.has_it) AS naming, count(*) AS of_all,
        round(naming / of_all, 4) AS share, min(found.date) FILTER (found.has_it) AS first_day,
        max(found.date) FILTER (found.has_it) AS last_day
    FROM found
    GROUP BY found.site
    HAVING naming > 0
    ORDER BY naming DESC, share DESC, found.site;

-- Articles of a name, topic or site by period, beside their own baseline. The period is 'day', 'week', 'month',
-- 'quarter' or 'year'; the baseline is the share that they had in the `baseline` periods before. `expected` is that
-- share of the period's articles, `times_usual` how many times as many there are, and `score` the excess in standard
-- deviations of a Poisson count: 3 is rare. NULL where no earlier period has articles.
CREATE MACRO trend_of(
    name VARCHAR := NULL, topic VARCHAR := NULL, site VARCHAR := NULL, period VARCHAR := 'week',
    baseline INTEGER := 8, since := NULL, until := NULL, exact BOOLEAN := false
) AS TABLE
    WITH counted AS (
        SELECT date_trunc(period, articles.date)::DATE AS start, count(*) AS of_all,
            count(*) FILTER (
                (name IS NULL OR has_name(articles.entities, name, exact := exact)) AND (topic IS NULL OR articles.topic = topic)
                AND (site IS NULL OR articles.site = site)
            ) AS articles
        FROM articles
        WHERE until IS NULL OR articles.date <= until::DATE
        GROUP BY start
    ),
    calendar AS (
        SELECT unnest(generate_series(min(counted.start), max(counted.start), ('1 ' || period)::INTERVAL))::DATE AS start
        FROM counted
    ),
    usual AS (
        SELECT calendar.start, counted.articles, counted.of_all,
            sum(counted.articles) OVER before / nullif(sum(counted.of_all) OVER before, 0) AS usual_share
        FROM calendar LEFT JOIN counted ON counted.start = calendar.start
        WINDOW before AS (ORDER BY calendar.start ROWS BETWEEN baseline PRECEDING AND 1 PRECEDING)
    )
    SELECT usual.start AS period, usual.articles, usual.of_all, round(usual.articles / usual.of_all, 4) AS share,
        round(usual.usual_share, 4) AS usual_share, round(usual.usual_share * usual.of_all, 1) AS expected,
        round(usual.articles / nullif(usual.usual_share * usual.of_all, 0), 1) AS times_usual,
        round((usual.articles - usual.usual_share * usual.of_all)
            / sqrt(greatest(usual.usual_share * usual.of_all, 1)), 1) AS score
    FROM usual
    WHERE usual.of_all > 0 AND (since IS NULL OR usual.start >= date_trunc(period, since::DATE))
    ORDER BY usual.start;

-- Names that rise in a period above the days before it, which are `baseline_days`. A story counts once. `score` is as
-- in trend_of; names in fewer than `least` stories of the period are left out. `topic` and `site` are those of the
-- articles.
CREATE MACRO rising_names(
    since, until, kind VARCHAR := NULL, baseline_days INTEGER := 28, least INTEGER := 3, topic VARCHAR := NULL,
    site VARCHAR := NULL
) AS TABLE
    WITH stories AS (
        SELECT coalesce(articles.duplicate_of, articles.article_id) AS story, articles.date >= since::DATE AS is_now,
            articles.site, [{name: entity.name, kind: entity.kind} FOR entity IN articles.entities] AS names
        FROM articles
        WHERE articles.date >= since::DATE - baseline_days AND articles.date <= until::DATE
            AND (topic IS NULL OR articles.topic = topic) AND (site IS NULL OR articles.site = site)
    ),
    totals AS (
        SELECT count(DISTINCT stories.story) FILTER (stories.is_now) AS now,
            count(DISTINCT stories.story) FILTER (NOT stories.is_now) AS before
        FROM stories
    ),
    named AS (
        SELECT stories.story, stories.is_now, stories.site, unnest(list_distinct(stories.names)) AS named FROM stories
    ),
    counted AS (
        SELECT named.named.name AS name, named.named.kind AS kind,
            count(DISTINCT named.story) FILTER (named.is_now) AS stories,
            count(DISTINCT named.story) FILTER (NOT named.is_now) AS before,
            count(DISTINCT named.site) FILTER (named.is_now) AS sites
        FROM named
        GROUP BY named.named
    )
    SELECT counted.name, counted.kind, counted.stories, counted.sites,
        round(counted.before * totals.now / totals.before, 1) AS expected,
        round((counted.stories - counted.before * totals.now / totals.before)
            / sqrt(greatest(counted.before * totals.now / totals.before, 1)), 1) AS score
    FROM counted, totals
    WHERE counted.stories >= least AND (kind IS NULL OR counted.kind = kind)
    ORDER BY score DESC NULLS LAST, counted.stories DESC, counted.name, counted.kind;

-- Articles by period and topic, with their share of the period. Opens no data file.
CREATE MACRO topics_by(period VARCHAR := 'month', since := NULL, until := NULL) AS TABLE
    SELECT date_trunc(period, days.date)::DATE AS period, days.topic, sum(days.articles)::BIGINT AS articles,
        round(sum(days.articles) / sum(sum(days.articles)) OVER (PARTITION BY date_trunc(period, days.date)), 4) AS share
    FROM days
    WHERE in_period(days.date, since, until)
    GROUP BY date_trunc(period, days.date), days.topic
    ORDER BY date_trunc(period, days.date), articles DESC, days.topic;

-- Stories of a period, those with most copies first. Each is the article that was first, with the number of pages
-- that have this text or nearly this text, and their sites. Exact copies, which `rejected` has, are counted, those of a
-- near copy too.
CREATE MACRO stories(since := NULL, until := NULL, topic VARCHAR := NULL) AS TABLE
    WITH kept AS MATERIALIZED (
        SELECT articles.article_id, articles.duplicate_of, articles.date, articles.site, articles.title, articles.topic
        FROM articles
    ),
    found AS (
        SELECT kept.duplicate_of AS story, kept.site, kept.date FROM kept WHERE kept.duplicate_of IS NOT NULL
        UNION ALL
        SELECT coalesce(kept.duplicate_of, kept.article_id), coalesce(rejected.site, site_of(rejected.url)),
            rejected.date
        FROM rejected JOIN kept ON kept.article_id = rejected.detail
        WHERE rejected.stage = 'deduplicate' AND rejected.reason IN ('duplicate', 'near_duplicate')
    ),
    followers AS (
        SELECT found.story, count(*) AS pages, list(found.site) AS sites, max(found.date) AS last_day
        FROM found GROUP BY found.story
    )
    SELECT kept.date, kept.site AS first_site, kept.title, 1 + coalesce(followers.pages, 0) AS articles,
        list_sort(list_distinct(list_concat([kept.site], followers.sites))) AS sites,
        greatest(kept.date, followers.last_day) AS last_day, kept.article_id AS story
    FROM kept LEFT JOIN followers ON followers.story = kept.article_id
    WHERE kept.duplicate_of IS NULL AND in_period(kept.date, since, until) AND (topic IS NULL OR kept.topic = topic)
    ORDER BY 4 DESC, kept.date, kept.article_id;

-- The story of an article: who had it first and who followed when. Copies that `rejected` has are among them, without
-- an article_id; those of older versions come last, without day and title.
CREATE MACRO story_of(article VARCHAR) AS TABLE
    WITH asked AS (
        SELECT coalesce(articles.duplicate_of, articles.article_id) AS story
        FROM articles
        WHERE articles.article_id = article
    ),
    kept AS (
        SELECT articles.* FROM articles, asked
        WHERE articles.article_id = asked.story OR articles.duplicate_of = asked.story
    ),
    first AS (SELECT kept.date, kept.published_at FROM kept WHERE kept.duplicate_of IS NULL),
    found AS (
        SELECT CASE WHEN kept.duplicate_of IS NULL THEN 'first' ELSE 'near copy' END AS copy, kept.site, kept.date,
            kept.published_at, kept.title, kept.url, kept.article_id
        FROM kept
        UNION ALL
        SELECT CASE rejected.reason WHEN 'duplicate' THEN 'exact copy' ELSE 'near copy' END,
            coalesce(rejected.site, site_of(rejected.url)), rejected.date, rejected.published_at, rejected.title,
            rejected.url, NULL
        FROM rejected
        WHERE rejected.stage = 'deduplicate' AND rejected.detail IN (SELECT kept.article_id FROM kept)
    )
    SELECT found.copy, found.site, found.date, found.date - first.date AS days_after,
        round(date_diff('minute', first.published_at, found.published_at) / 60, 1) AS hours_after, found.title,
        found.url, found.article_id
    FROM found LEFT JOIN first ON true
    ORDER BY 3 NULLS LAST, 5 NULLS LAST, found.copy <> 'first', 1 DESC, 2, 7;

-- Pairs of sites: one had stories first, the other followed with copies. `days` and `hours` are medians; hours are known
-- where both pages state a time; where pages state the day alone, which site was first on that day is not known, and
-- a page that states no date has the day of fetching.
CREATE MACRO who_followed(since := NULL, until := NULL, topic VARCHAR := NULL) AS TABLE
    WITH kept AS MATERIALIZED (
        SELECT articles.article_id, articles.duplicate_of, articles.site, articles.date, articles.published_at,
            articles.topic
        FROM articles
    ),
    found AS (
        SELECT kept.duplicate_of AS story, kept.site, kept.date, kept.published_at
        FROM kept
        WHERE kept.duplicate_of IS NOT NULL
        UNION ALL
        SELECT coalesce(kept.duplicate_of, kept.article_id), coalesce(rejected.site, site_of(rejected.url)),
            rejected.date, rejected.published_at
        FROM rejected JOIN kept ON kept.article_id = rejected.detail
        WHERE rejected.stage = 'deduplicate' AND rejected.reason IN ('duplicate', 'near_duplicate')
    )
    SELECT first.site AS first_site, found.site AS follower, count(DISTINCT first.article_id) AS stories,
        median(found.date - first.date) AS days,
        round(median(date_diff('minute', first.published_at, found.published_at)) / 60, 1) AS hours
    FROM found JOIN kept AS first ON first.article_id = found.story
    WHERE found.site <> first.site AND in_period(first.date, since, until) AND (topic IS NULL OR first.topic = topic)
    GROUP BY first.site, found.site
    ORDER BY stories DESC, first.site, found.site;

-- Sites by the stories that others copied from them, and that they copied from others.
CREATE MACRO first_publishers(since := NULL, until := NULL, topic VARCHAR := NULL) AS TABLE
    WITH pairs AS (FROM who_followed(since := since, until := until, topic := topic)),
    sides AS (
        SELECT pairs.first_site AS site, pairs.stories AS copied_by_others, 0 AS copied_from_others FROM pairs
        UNION ALL
        SELECT pairs.follower, 0, pairs.stories FROM pairs
    )
    SELECT sides.site, sum(sides.copied_by_others)::BIGINT AS copied_by_others,
        sum(sides.copied_from_others)::BIGINT AS copied_from_others
    FROM sides
    GROUP BY sides.site
    ORDER BY copied_by_others DESC, copied_from_others, sides.site;

-- Every version of one address, newest first. The address may be any of those in `url` and `canonical_url`.
CREATE MACRO versions_of(address VARCHAR) AS TABLE
    WITH asked AS (
        SELECT DISTINCT articles.canonical_url FROM articles
        WHERE address IN (articles.url, articles.canonical_url)
    )
    SELECT articles.fetched_at, articles.date, articles.title, articles.words, articles.url, articles.article_id
    FROM articles JOIN asked ON asked.canonical_url = articles.canonical_url
    ORDER BY articles.fetched_at DESC, articles.article_id;

-- Articles, but only the newest version of each address. The columns are those of `articles`.
CREATE MACRO newest_versions(since := NULL, until := NULL) AS TABLE
    SELECT articles.* FROM articles
    WHERE in_period(articles.date, since, until)
    QUALIFY row_number() OVER (
        PARTITION BY articles.canonical_url ORDER BY articles.fetched_at DESC, articles.article_id
    ) = 1;

-- Sites by the articles that their pages gave. `kept` is the share of pages that became articles; the last three are
-- shares of the articles: without a stated date, without an author, and copies of an earlier one. The period is that of
-- fetching. Pages that are counted without a row (`--rejected useful`) are not among `pages`.
CREATE MACRO sites_by_yield(since := NULL, until := NULL) AS TABLE
    WITH doors AS (
        SELECT articles.site, true AS is_article, articles.date_source = 'fetched' AS no_date,
            len(articles.authors) = 0 AS no_author, articles.duplicate_of IS NOT NULL AS is_copy
        FROM articles
        WHERE in_period(articles.fetched_at::DATE, since, until)
        UNION ALL
        SELECT site_of(rejected.url), false, NULL, NULL, NULL
        FROM rejected
        WHERE in_period(rejected.fetched_at::DATE, since, until)
    )
    SELECT doors.site, count(*) AS pages, count(*) FILTER (doors.is_article) AS articles,
        round(articles / pages, 3) AS kept, round(avg(doors.no_date::INTEGER), 3) AS without_date,
        round(avg(doors.no_author::INTEGER), 3) AS without_author, round(avg(doors.is_copy::INTEGER), 3) AS copies
    FROM doors
    GROUP BY doors.site
    ORDER BY articles DESC, pages, doors.site;

-- Rejected pages by stage and reason, from the ledger. `share` is that of all pages read; `meaning` and `remedy` say
-- what the reason is and what to do about it.
CREATE MACRO refusals() AS TABLE
    WITH total AS (SELECT sum(ledger.pages) AS pages FROM ledger WHERE ledger.door = 'read')
    SELECT ledger.stage, ledger.reason, sum(ledger.pages)::BIGINT AS pages,
        round(sum(ledger.pages) / any_value(total.pages), 4) AS share, any_value(reasons.meaning) AS meaning,
        any_value(reasons.remedy) AS remedy
    FROM ledger CROSS JOIN total
        LEFT JOIN reasons ON reasons.stage = ledger.stage AND reasons.reason = ledger.reason
    WHERE ledger.door = 'rejected'
    GROUP BY ledger.stage, ledger.reason
    HAVING sum(ledger.pages) > 0
    ORDER BY sum(ledger.pages) DESC, ledger.stage, ledger.reason;

-- The time at which a run was committed. A run that is not there is an error: a loader that goes on from it would get nothing.
CREATE MACRO commit_of(run VARCHAR) AS coalesce(
    (SELECT max(asked.committed_at) FROM runs AS asked WHERE asked.run_id = run),
    error('no run ' || run || ' in the view `runs`: perhaps it was undone or replaced')
);

-- The runs after a run, in the order of their commits. Of two runs that commit at once, either may be first. A run that is
-- not there, because it was undone or replaced, is an error.
CREATE MACRO runs_since(run VARCHAR) AS TABLE
    SELECT runs.* FROM runs
    WHERE (runs.committed_at, runs.run_id) > (commit_of(run), run)
    ORDER BY runs.committed_at, runs.run_id;

-- Articles that came in after a run. The columns are those of `articles`.
CREATE MACRO articles_since(run VARCHAR) AS TABLE
    SELECT articles.* FROM articles
    WHERE articles.load_id IN (
        SELECT loads.load_id FROM loads WHERE loads.run_id IN (SELECT later.run_id FROM runs_since(run) AS later)
    );

-- What changed since a run, in numbers. These are articles that came in, pages that were rejected, and rows that were
-- taken down. Rows that a later run replaced (`--replace`) are gone from the dataset, so they are not told.
CREATE MACRO changes_since(run VARCHAR) AS TABLE
    SELECT 'articles' AS change, new.topic AS what, count(*) AS number
    FROM articles_since(run) AS new GROUP BY new.topic
    UNION ALL
    SELECT 'rejected', ledger.stage || '/' || ledger.reason, sum(ledger.pages)::BIGINT
    FROM ledger
    WHERE ledger.door = 'rejected' AND ledger.run_id IN (SELECT later.run_id FROM runs_since(run) AS later)
    GROUP BY ledger.stage, ledger.reason
    UNION ALL
    SELECT 'taken down', forgotten."table", count(*)
    FROM forgotten
    WHERE forgotten.forgotten_at > commit_of(run)
    GROUP BY forgotten."table"
    ORDER BY 1, 3 DESC, 2;
