-- analytics_funnel_step: who entered a step, how long they stayed, where they came from and went.

-- The bounds of the time histogram's buckets, in milliseconds; they are the same for all slices.
CREATE TEMP TABLE IF NOT EXISTS bounds AS
WITH RECURSIVE rising AS (
    SELECT 1 AS bucket, CAST(1 AS BIGINT) AS bound
    UNION ALL
    SELECT bucket + 1, greatest(bound + 1, bound * 51 // 49) FROM rising WHERE bound < 1e15
)
SELECT 0 AS bucket, CAST(0 AS BIGINT) AS bound
UNION ALL
FROM rising;

-- Entries and exits, each with the steps entered before and after it in the session.
CREATE OR REPLACE TEMP TABLE moves AS
SELECT
    unit, place, who, n, day, hour, ms, nth, session, entered, d.step_id,
    exit_outcome, previous_step_id, next_step_id,
    lag(entered IGNORE NULLS) OVER session AS came_from,
    lead(entered IGNORE NULLS) OVER session AS went_to,
    -- A step is left at the next entry of any step or at an exit of this step.
    least(
        lead(if(entered IS NULL, NULL, ms) IGNORE NULLS) OVER session,
        lead(ms) OVER (PARTITION BY unit, place, session, d.step_id ORDER BY nth)
    ) AS left_ms
FROM acts JOIN details AS d USING (who, n)
WHERE event_type IN ('step_entry', 'step_exit')
WINDOW session AS (PARTITION BY unit, place, session ORDER BY nth);

CREATE OR REPLACE TEMP TABLE entries AS
SELECT m.*, sign, tag, step_document(funnel, step_id) AS document
FROM moves AS m JOIN units USING (unit) JOIN funnels USING (place)
WHERE entered IS NOT NULL;

INSERT INTO amounts
SELECT 'analytics_funnel_step', document, day, hour, 'visitors', NULL, tag, sum(sign)
FROM (
    SELECT document, day, arg_min(hour, nth) AS hour, any_value(sign) AS sign, any_value(tag) AS tag
    FROM entries
    GROUP BY unit, session, document, day
)
GROUP BY ALL;

-- A visitor's day at a step begins with its first entry, `n`.
CREATE OR REPLACE TEMP TABLE days_at_steps AS
SELECT
    document, day, arg_min(hour, nth) AS hour, arg_min(n, nth) AS n, any_value(who) AS who,
    any_value(sign) AS sign, any_value(tag) AS tag
FROM entries
GROUP BY unit, document, day;

INSERT INTO amounts
SELECT 'analytics_funnel_step', document, day, hour, 'unique_visitors', NULL, tag, sum(sign)
FROM days_at_steps
GROUP BY ALL;

INSERT INTO amounts
SELECT
    'analytics_funnel_step', document, day, NULL, field || '.' || split_key(field, name), NULL, tag,
    number
FROM (
    SELECT document, day, tag, field, name, sum(sign) AS number
    FROM (
        SELECT document, day, tag, sign, unnest(splits(context), recursive := true)
        FROM days_at_steps JOIN details USING (who, n)
    )
    WHERE field IN ('sources', 'devices', 'browsers')
    GROUP BY ALL
);

INSERT INTO amounts
SELECT
    'analytics_funnel_step', document, day, hour,
    unnest(['time_spent_seconds', 'time_spent_count']), NULL, tag,
    unnest([sum(sign * ((left_ms - ms) // 1000)), sum(sign)])
FROM entries
WHERE left_ms IS NOT NULL
GROUP BY document, day, hour, tag;

INSERT INTO amounts
SELECT
    'analytics_funnel_step', document, day, NULL, 'time_histogram.' || bucket, NULL, tag, sum(sign)
FROM (
    SELECT document, day, tag, bucket, sign
    FROM entries ASOF JOIN bounds ON entries.left_ms - entries.ms >= bound
)
GROUP BY ALL;

-- The session's own order of steps takes precedence over what an event claims.
INSERT INTO amounts
SELECT
    'analytics_funnel_step', document, day, NULL,
    'entry_paths.' || coalesce(map_key(coalesce(came_from, previous_step_id)), 'direct'),
    NULL, tag, sum(sign)
FROM entries
GROUP BY ALL;

INSERT INTO amounts
SELECT
    'analytics_funnel_step', step_document(funnel, step_id), day, NULL,
    'exit_paths.' || CASE
        WHEN exit_outcome IN ('bounce', 'close') THEN 'exit'
        ELSE coalesce(map_key(coalesce(went_to, next_step_id)), 'exit')
    END,
    NULL, tag, sum(sign)
FROM moves JOIN units USING (unit) JOIN funnels USING (place)
WHERE entered IS NULL
GROUP BY ALL;

-- Conversions by step; those with a step_id are counted in plain.sql. `is_shown`: without a
-- step_id, so the step is the one that the session entered last.
CREATE OR REPLACE TEMP TABLE conversions_at_steps AS
SELECT
    unit, day, hour, nth, sign, tag, cents, currency, step_id IS NULL AS is_shown,
    CASE
        WHEN coalesce(step_id, entered) IS NULL THEN funnel || ':unattributed'
        ELSE step_document(funnel, coalesce(step_id, entered))
    END AS document
FROM conversions JOIN funnels USING (place);

INSERT INTO amounts
SELECT 'analytics_funnel_step', document, day, hour, field, currency, tag, sum(amount)
FROM (
    SELECT document, day, hour, 'conversions' AS field, NULL AS currency, tag, sign AS amount
    FROM conversions_at_steps
    WHERE is_shown
    UNION ALL
    SELECT document, day, hour, 'value_cents', currency, tag, sign * cents
    FROM conversions_at_steps
    WHERE is_shown AND cents IS NOT NULL
    UNION ALL
    SELECT document, day, arg_min(hour, nth), 'converting_visitors', NULL, tag, any_value(sign)
    FROM conversions_at_steps
    GROUP BY unit, document, day, tag
)
GROUP BY ALL;
