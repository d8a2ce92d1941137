-- Which part of each history is measured, and as of when. Documents hold measures of everything
-- remembered of a visitor, and such a measure has no single event as its cause. So each visitor is
-- measured as of the last of their events within `reach`, and again for documents that are further.
-- Each measurement is a unit: sign +1 for the measure as of then, -1 for the one it replaces.

-- How far documents have counted, by partition: all of them to `reach`, some to further cuts.
CREATE OR REPLACE TABLE cutoffs AS
SELECT topic_id, partition, last FROM reach
UNION
SELECT topic_id, partition, last FROM cuts;

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
        coalesce(until, 9223372036854775807) AS until,
        left_out.n IS NOT NULL AS is_left_out,
        min(deeds.n) OVER session AS session,
        arg_min(appended_ms, deeds.n) OVER session AS since_ms
    FROM deeds ASOF LEFT JOIN sessions
        ON deeds.who = sessions.who AND deeds.session_id = sessions.session_id AND deeds.n >= sessions.since
    LEFT JOIN left_out ON deeds.who = left_out.who AND deeds.n = left_out.n
    WINDOW session AS (PARTITION BY deeds.who, deeds.session_id, sessions.since)
    QUALIFY count(*) FILTER (left_out.n IS NULL) OVER (session ORDER BY deeds.n) <= 500
)
WHERE NOT is_left_out;

-- A number for each cutoff, with the offset of its last event.
CREATE OR REPLACE TABLE tags AS
SELECT row_number() OVER () AS tag, topic_id, partition, cutoff, max("offset") AS "offset"
FROM counted_by_cutoff
GROUP BY topic_id, partition, cutoff;

-- Amounts of a session stay when it is forgotten. So the measure with it, just before, less the
-- measure without it is added once and never taken back.
CREATE OR REPLACE TABLE units AS
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
)
SELECT row_number() OVER () AS unit, who, upto, alive_after, sign, first_day, tag
FROM taken JOIN tags USING (topic_id, partition, cutoff);

-- Columns of single events, joined once the events are chosen.
CREATE OR REPLACE VIEW details AS
SELECT
    who, n, appended_ms, step_id, previous_step_id, next_step_id, exit_outcome, cents, currency,
    test_id, variant_id, event_id, organization, context
FROM deeds;

-- The events of each unit, in order: by time to the millisecond, then by offset.
CREATE OR REPLACE TABLE measured_deeds AS
SELECT
    unit, who, n, place, session, day, hour, ms, event_type, page,
    if(event_type = 'step_entry', step_id, NULL) AS entered,
    row_number() OVER (PARTITION BY unit ORDER BY ms, "offset", n) AS nth
FROM units JOIN remembered USING (who)
WHERE n <= upto AND until > alive_after;

-- The events of a unit that belong to a funnel.
CREATE OR REPLACE VIEW acts AS
FROM measured_deeds
WHERE place IS NOT NULL AND event_type <> 'experiment_exposed';

-- The amounts to add to documents. `field` is a path in the document; an amount with an hour also
-- counts in that hour, one with a currency counts under it. The files that follow add rows.
CREATE OR REPLACE TABLE amounts (
    collection VARCHAR, document VARCHAR, day VARCHAR, hour VARCHAR, field VARCHAR,
    currency VARCHAR, tag BIGINT, amount HUGEINT
);
