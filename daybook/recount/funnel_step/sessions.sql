-- funnel_sessions: each row as of the last message that it has counted: `reach` for all of them,
-- `cuts` for rows that are further.

-- The rows, each with a number, which is grouped by and joined faster than its name. Events
-- outside of funnels have a row as well.
CREATE OR REPLACE TABLE session_rows AS
SELECT dense_rank() OVER (ORDER BY document) AS number, *
FROM (
    SELECT
        who, session_id, place,
        owner || ':' || encoded(session_id) || ':' || coalesce(encoded(funnel_id), '') AS document
    FROM (
        SELECT DISTINCT who, session_id, place FROM deeds WHERE event_type <> 'experiment_exposed'
    ) JOIN people USING (who) LEFT JOIN funnels USING (place)
);

CREATE OR REPLACE VIEW funnel_sessions_messages AS
SELECT document, topic_id, partition, "offset", 0 AS epoch
FROM deeds AS d JOIN session_rows AS r
    ON d.who = r.who AND d.session_id = r.session_id AND d.place IS NOT DISTINCT FROM r.place
WHERE event_type <> 'experiment_exposed';

-- The messages of each row. `since`: the first message of the session, which tells apart sessions
-- with the same id after one was forgotten; `is_remembered`: whether the session remembers it.
CREATE OR REPLACE VIEW row_deeds AS
SELECT
    number, d.who, d.n, d.topic_id, d.partition, d."offset", d.session_id,
    coalesce(s.since, 0) AS since, remembered.n IS NOT NULL AS is_remembered,
    user_id, d.ms, d.event_type, d.page, d.context, conversion_type,
    -- Fields that an event type does not declare are ignored.
    if(d.event_type IN ('page_view', 'step_entry', 'step_exit', 'conversion'), d.step_id, NULL)
        AS step_id,
    if(d.event_type IN ('page_view', 'step_entry', 'conversion', 'engagement'), d.page_id, NULL)
        AS page_id,
    value_cents, if(value_cents IS NULL, NULL, d.currency) AS currency, metadata
FROM deeds AS d
JOIN session_rows AS r
    ON d.who = r.who AND d.session_id = r.session_id AND d.place IS NOT DISTINCT FROM r.place
LEFT JOIN sessions AS s
    ON d.who = s.who AND d.session_id = s.session_id AND d.n >= s.since AND d.n < s.until
LEFT JOIN remembered ON d.who = remembered.who AND d.n = remembered.n
WHERE d.event_type <> 'experiment_exposed';

CREATE OR REPLACE VIEW funnel_sessions AS
WITH within AS (
    SELECT row_deeds.*
    FROM row_deeds
    LEFT JOIN reach USING (topic_id, partition)
    LEFT JOIN (
        SELECT DISTINCT number, topic_id, partition, last
        FROM cuts JOIN session_rows USING (document)
        WHERE collection = 'funnel_sessions'
    ) AS cut USING (number, topic_id, partition)
    WHERE "offset" <= greatest(reach.last, cut.last)
),
-- A session that begins anew under its old id takes over the row with its first event.
totals AS (
    SELECT
        number, any_value(who) AS who, any_value(session_id) AS session_id, max(n) AS upto,
        max(since) AS since, count(*) AS events_total
    FROM within
    GROUP BY number
),
-- A row holds its first 500 events, and tells of those that are remembered.
beyond AS (
    SELECT number, n
    FROM within SEMI JOIN (SELECT number FROM totals WHERE events_total > 500) USING (number)
    QUALIFY row_number() OVER (PARTITION BY number ORDER BY n) > 500 AND NOT is_remembered
),
contents AS (
    SELECT
        number,
        list({
            'n': n, 'offset': "offset", 'since': since, 'is_remembered': is_remembered,
            'event_type': event_type, 'page_id': page_id, 'step_id': step_id, 'at': ms,
            'metadata': metadata, 'page': page, 'type': conversion_type,
            'value_cents': value_cents, 'currency': currency
        }) AS events,
        -- Unlike arg_min, it does not pass over an event without a context.
        arg_min_null(context, {'newest': -since, 'ms': ms, 'offset': "offset", 'n': n})
            FILTER (is_remembered) AS context
    FROM within ANTI JOIN beyond USING (number, n)
    GROUP BY number
),
-- The last user_id sent in the session, in any funnel.
users AS (
    SELECT totals.number, arg_max(user_id, n) AS user_id
    FROM totals JOIN row_deeds USING (who, session_id, since)
    WHERE n <= upto AND user_id IS NOT NULL
    GROUP BY totals.number
)
SELECT
    document, 0 AS nth,
    CAST(json_object(
        'user_id', user_id, 'context', context, 'events', events, 'events_total', events_total
    ) AS VARCHAR) AS state
FROM totals JOIN contents USING (number)
JOIN (SELECT DISTINCT number, document FROM session_rows) USING (number)
LEFT JOIN users USING (number);
