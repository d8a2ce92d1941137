-- Which of a history is measured, as of when. What documents hold of a person is a measure of all
-- that is remembered of him; it has no single event as its cause. So it is taken as of the last of
-- his deeds that every document has counted, and again for those documents that are further. Each
-- such taking is a unit: +1 what is measured as of then, -1 what was measured before.

-- How far documents are, by partition: all of them to `reach`, some to further cuts.
CREATE OR REPLACE TABLE cutoffs AS
SELECT topic_id, partition, last FROM reach
UNION
SELECT topic_id, partition, last FROM cuts;

-- What is counted by some document, with the first cutoff that has it.
CREATE OR REPLACE VIEW told AS
SELECT counted.* EXCLUDE (visitor_id, session_id, previous_step_id, next_step_id), last AS cutoff
FROM counted ASOF JOIN cutoffs
    ON counted.topic_id = cutoffs.topic_id AND counted.partition = cutoffs.partition
    AND counted."offset" <= last;

-- The last of a person's deeds that a cutoff has.
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

-- Deeds that are remembered: until when, and of a session the first 500. `sessions` are those of
-- people of whom something is forgotten; everybody else's are remembered for good.
CREATE OR REPLACE TABLE remembered AS
SELECT
    deeds.who, deeds.n, place, partition, "offset", appended_ms, day, hour, ms, event_type, page, step_id,
    coalesce(until, 9223372036854775807) AS until,
    min(deeds.n) OVER session AS session
FROM deeds ASOF LEFT JOIN sessions
    ON deeds.who = sessions.who AND deeds.session_id = sessions.session_id AND deeds.n >= since
WINDOW session AS (PARTITION BY deeds.who, deeds.session_id, since)
QUALIFY count(*) OVER (session ORDER BY deeds.n) <= 500;

-- A cutoff as the offset of its last event, by number.
CREATE OR REPLACE TABLE tags AS
SELECT row_number() OVER () AS tag, topic_id, partition, cutoff, max("offset") AS "offset"
FROM told
GROUP BY topic_id, partition, cutoff;

-- What a session gave stays when it is forgotten: what was measured with it, just before, less
-- what is measured without it, is never taken back.
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

-- What is asked of single deeds once they are chosen.
CREATE OR REPLACE VIEW details AS
SELECT
    who, n, appended_ms, step_id, previous_step_id, next_step_id, exit_outcome, cents, currency,
    test_id, variant_id, event_id, organization, context
FROM deeds;

-- The deeds of each unit, in their order: by time to the millisecond, then by offset.
CREATE OR REPLACE TABLE measured_deeds AS
SELECT
    unit, who, n, place, session, day, hour, ms, event_type, page,
    if(event_type = 'step_entry', step_id, NULL) AS entered,
    row_number() OVER (PARTITION BY unit ORDER BY ms, "offset", n) AS nth
FROM units JOIN remembered USING (who)
WHERE n <= upto AND until > alive_after;

-- Those in funnels.
CREATE OR REPLACE VIEW acts AS
FROM measured_deeds
WHERE place IS NOT NULL AND event_type <> 'experiment_exposed';

-- What documents get: `field` is a path within them; what has an hour stands there as well, and
-- what has a currency with it. One file after the other adds to it.
CREATE OR REPLACE TABLE amounts (
    collection VARCHAR, document VARCHAR, day VARCHAR, hour VARCHAR, field VARCHAR,
    currency VARCHAR, tag BIGINT, amount HUGEINT
);
