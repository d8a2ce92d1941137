-- Which part of each history is measured, and as of when. Documents hold measures of everything
-- remembered of a visitor, and such a measure has no single event as its cause. So each visitor is
-- measured as of the last of their events within `reach`, and again for documents that are further.
-- Each measurement is a unit: sign +1 for the measure as of then, -1 for the one it replaces.

-- How far documents of measures have counted, by partition: all to `reach`, some to further cuts.
CREATE OR REPLACE TABLE cutoffs AS
SELECT topic_id, partition, last FROM reach
UNION
SELECT topic_id, partition, last FROM cuts SEMI JOIN measured USING (collection);

-- Events that some document has counted, with the first cutoff that includes them.
CREATE OR REPLACE VIEW counted_by_cutoff AS
SELECT counted.* EXCLUDE (visitor_id, session_id, previous_step_id, next_step_id), last AS cutoff
FROM counted ASOF JOIN cutoffs
    ON counted.topic_id = cutoffs.topic_id AND counted.partition = cutoffs.partition
    AND counted."offset" <= last;

-- The last event of each visitor within a cutoff.
CREATE OR REPLACE TABLE stops AS
SELECT who, n, first_day, topic_id, partition, cutoff,
    lag(n) OVER person AS before, lag(first_day) OVER person AS first_day_before
FROM (
    SELECT who, n, first_day, d.topic_id, d.partition, last AS cutoff
    FROM deeds AS d ASOF JOIN cutoffs AS c
        ON d.topic_id = c.topic_id AND d.partition = c.partition AND d."offset" <= last
    QUALIFY lead(struct_pack(d.topic_id, d.partition, last)) OVER (PARTITION BY who ORDER BY n)
        IS DISTINCT FROM struct_pack(d.topic_id, d.partition, last)
)
WINDOW person AS (PARTITION BY who ORDER BY n);

-- The remembered events: the first 500 of each session that have room, and until when. `sessions`
-- and `left_out` have only visitors for whom the memory may be too small; all other sessions are
-- remembered for good.
CREATE OR REPLACE TABLE remembered AS
SELECT * EXCLUDE (is_left_out) FROM (
    SELECT
        deeds.who, deeds.n, place, partition, "offset", appended_ms, day, hour, ms, event_type, page, step_id,
        funnel_user IS NOT NULL AS is_named,
        coalesce(until, 9223372036854775807) AS until,
        left_out.n IS NOT NULL AS is_left_out,
        min(deeds.n) OVER session AS session,
        arg_min(appended_ms, deeds.n) OVER session AS since_ms
    FROM deeds LEFT JOIN sessions
        ON deeds.who = sessions.who AND deeds.session_id = sessions.session_id
        AND deeds.n >= sessions.since AND deeds.n < sessions.until
    LEFT JOIN left_out ON deeds.who = left_out.who AND deeds.n = left_out.n
    WINDOW session AS (PARTITION BY deeds.who, deeds.session_id, sessions.since)
    QUALIFY count(*) FILTER (left_out.n IS NULL) OVER (session ORDER BY deeds.n) <= 500
)
WHERE NOT is_left_out;

-- A number for each cutoff, with the last offset that it includes.
CREATE OR REPLACE TABLE tags AS
SELECT
    row_number() OVER () AS tag, topic_id, c.partition, cutoff, least(cutoff, last) AS "offset"
FROM (SELECT DISTINCT topic_id, partition, cutoff FROM counted_by_cutoff) AS c
JOIN ends ON c.partition = ends.partition;

-- Amounts of a session stay when it is forgotten. So the measure with it, just before, less the
-- measure without it is added once and never taken back.
CREATE OR REPLACE TABLE all_units AS
WITH forgotten AS (
    SELECT f.who, f.n, b.first_day, d.topic_id, d.partition, last AS cutoff
    FROM forgettings AS f
    JOIN deeds AS d ON d.who = f.who AND d.n = f.n
    JOIN deeds AS b ON b.who = f.who AND b.n = f.n - 1
    ASOF JOIN cutoffs AS c
        ON d.topic_id = c.topic_id AND d.partition = c.partition AND d."offset" <= last
),
taken AS (
    SELECT who, n AS upto, n AS alive_after, 1 AS sign, first_day, topic_id, partition, cutoff
    FROM stops
    UNION ALL
    SELECT who, before, before, -1, first_day_before, topic_id, partition, cutoff
    FROM stops
    WHERE before IS NOT NULL
    UNION ALL
    SELECT who, n - 1, n - 1, 1, first_day, topic_id, partition, cutoff FROM forgotten
    UNION ALL
    SELECT who, n - 1, n, -1, first_day, topic_id, partition, cutoff FROM forgotten
),
numbered AS (
    SELECT row_number() OVER () AS unit, who, upto, alive_after, sign, first_day, tag
    FROM taken JOIN tags USING (topic_id, partition, cutoff)
),
sizes AS (
    SELECT unit, count(*) AS size
    FROM numbered JOIN remembered USING (who)
    WHERE n <= upto AND until > alive_after
    GROUP BY unit
)
SELECT numbered.*, size FROM numbered JOIN sizes USING (unit);

-- Columns of single events, joined once the events are chosen.
CREATE OR REPLACE VIEW details AS
SELECT
    who, n, appended_ms, step_id, previous_step_id, next_step_id, exit_outcome, cents, currency,
    test_id, variant_id, event_id, organization, context
FROM deeds;

-- The amounts to add to documents. `field` is a path in the document; an amount with an hour also
-- counts in that hour, one with a currency counts under it. The files that follow add rows.
CREATE OR REPLACE TABLE amounts (
    collection VARCHAR, document VARCHAR, day VARCHAR, hour VARCHAR, field VARCHAR,
    currency VARCHAR, tag BIGINT, amount HUGEINT
);
