-- analytics_funnel: sessions, visitors, where they come from and which pages they view.

-- The key of a map. Visitors whose context lacks a field count under a key of its own; a page that
-- is not known has no key.
CREATE OR REPLACE MACRO split_key(field, name) AS
    CASE
        WHEN name <> '' AND (name <> 'unknown' OR field = 'pages') THEN map_key(name)
        WHEN name <> '' THEN '%75nknown'
        WHEN field = 'sources' THEN 'direct'
        WHEN field <> 'pages' THEN 'unknown'
    END;

CREATE OR REPLACE MACRO map_path(field, name, part) AS
    field || '.' || split_key(field, name) || '.' || part;

INSERT INTO amounts
SELECT 'analytics_funnel', funnel, day, hour, unnest(['sessions', 'bounced_sessions', 'visit_seconds']),
    NULL, tag, unnest([sum(sign), sum(sign * bounced), sum(sign * seconds)])
FROM (
    SELECT
        unit, place, arg_min(day, nth) AS day, arg_min(hour, nth) AS hour,
        CAST(count(*) = 1 AND min(event_type) = 'page_view' AS INTEGER) AS bounced,
        (max(ms) - min(ms)) // 1000 AS seconds
    FROM acts
    GROUP BY unit, place, session
) JOIN units USING (unit) JOIN funnels USING (place)
GROUP BY funnel, day, hour, tag;

INSERT INTO amounts
SELECT 'analytics_funnel', funnel, day, hour, 'visitors', NULL, tag, sum(sign)
FROM (
    SELECT unit, place, day, arg_min(hour, nth) AS hour
    FROM acts
    GROUP BY unit, place, session, day
) JOIN units USING (unit) JOIN funnels USING (place)
GROUP BY funnel, day, hour, tag;

-- A visitor's day in a funnel begins with its first event, `n`. It is named if any of its events has
-- a user.
CREATE OR REPLACE TEMP TABLE days AS
SELECT
    unit, place, day, arg_min(hour, nth) AS hour, arg_min(n, nth) AS n, bool_or(is_named) AS is_named
FROM acts
GROUP BY unit, place, day;

INSERT INTO amounts
SELECT 'analytics_funnel', funnel, day, hour,
    unnest(['unique_visitors', 'new_visitors', 'returning_visitors', 'named_visitors']), NULL, tag,
    unnest([
        sum(sign),
        coalesce(sum(sign) FILTER (day = first_day), 0),
        coalesce(sum(sign) FILTER (day <> first_day), 0),
        coalesce(sum(sign) FILTER (is_named), 0)
    ])
FROM days JOIN units USING (unit) JOIN funnels USING (place)
GROUP BY funnel, day, hour, tag;

-- Each conversion, with the last page viewed and the last step entered in its session before it.
CREATE OR REPLACE TEMP TABLE conversions AS
WITH sessions_with AS (
    SELECT DISTINCT unit, place, session FROM acts WHERE event_type = 'conversion'
),
before AS (
    SELECT
        unit, place, n, day, hour, nth, event_type,
        last_value(page IGNORE NULLS) OVER so_far AS page,
        last_value(entered IGNORE NULLS) OVER so_far AS entered
    FROM acts SEMI JOIN sessions_with USING (unit, place, session)
    WHERE event_type IN ('page_view', 'step_entry', 'conversion')
    WINDOW so_far AS (PARTITION BY unit, place, session ORDER BY nth)
)
SELECT before.*, who, sign, tag, step_id, cents, currency
FROM before JOIN units USING (unit) JOIN details USING (who, n)
WHERE before.event_type = 'conversion';

INSERT INTO amounts
SELECT 'analytics_funnel', funnel, day, hour, 'converting_visitors', NULL, tag, sum(sign)
FROM (
    SELECT place, day, arg_min(hour, nth) AS hour, any_value(sign) AS sign, any_value(tag) AS tag
    FROM conversions
    GROUP BY unit, place, day
) JOIN funnels USING (place)
GROUP BY funnel, day, hour, tag;

-- The key of a visitor's day in each breakdown, from the context of the day's first event.
CREATE OR REPLACE MACRO splits(context) AS [
    {'field': 'sources', 'name': context.source},
    {'field': 'channels', 'name': context.channel},
    {'field': 'devices', 'name': context.device_type},
    {'field': 'browsers', 'name': context.browser},
    {'field': 'countries', 'name': context.country},
    {'field': 'campaigns', 'name': context.utm_campaign},
    {'field': 'landing_pages', 'name': context.landing_page}
];

INSERT INTO amounts
SELECT 'analytics_funnel', funnel, day, NULL, map_path(field, name, 'visitors'), NULL, tag, number
FROM (
    SELECT place, day, tag, field, name, sum(sign) AS number
    FROM (
        SELECT place, day, tag, sign, unnest(splits(context), recursive := true)
        FROM days JOIN units USING (unit) JOIN details USING (who, n)
    )
    GROUP BY ALL
) JOIN funnels USING (place);

-- All conversions of the day count under those keys, and each under the page viewed last before it.
CREATE OR REPLACE TEMP TABLE shares AS
SELECT
    c.place, c.day, c.sign, c.tag, c.cents, c.currency,
    unnest(
        list_append(splits(details.context), {'field': 'pages', 'name': c.page}),
        recursive := true
    )
FROM conversions AS c
JOIN days ON c.unit = days.unit AND c.place = days.place AND c.day = days.day
JOIN details ON details.who = c.who AND details.n = days.n;

INSERT INTO amounts
SELECT 'analytics_funnel', funnel, day, NULL, map_path(field, name, part), paid_in, tag, amount
FROM (
    SELECT
        place, day, tag, field, name, 'conversions' AS part, NULL AS paid_in, sum(sign) AS amount
    FROM shares
    GROUP BY ALL
    UNION ALL
    SELECT place, day, tag, field, name, 'value_cents', currency, sum(sign * cents)
    FROM shares
    WHERE cents IS NOT NULL
    GROUP BY ALL
) JOIN funnels USING (place)
WHERE field <> 'pages' OR name <> '';

INSERT INTO amounts
SELECT 'analytics_funnel', funnel, day, NULL, map_path('pages', page, 'visitors'), NULL, tag,
    sum(sign)
FROM (SELECT DISTINCT unit, place, day, page FROM acts WHERE page <> '')
JOIN units USING (unit) JOIN funnels USING (place)
GROUP BY ALL;
