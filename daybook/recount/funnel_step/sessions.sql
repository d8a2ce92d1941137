-- funnel_sessions: each row as of the last message that it has counted: `reach` for all of them,
-- `cuts` for rows that are further.

-- The messages of each row. `since`: the first message of the session, which tells apart sessions
-- with the same id after one was forgotten; `is_remembered`: whether the session remembers it.
CREATE OR REPLACE VIEW row_deeds AS
SELECT
    d.who, d.n, d.topic_id, d.partition, d."offset", d.session_id, coalesce(s.since, 0) AS since,
    owner || ':' || encoded(d.session_id) || ':' || coalesce(encoded(funnel_id), '') AS document,
    remembered.n IS NOT NULL AS is_remembered,
    user_id, d.ms, d.event_type, d.page, d.context, d.conversion_type,
    -- Fields that an event type does not declare are ignored.
    if(d.event_type IN ('page_view', 'step_entry', 'step_exit', 'conversion'), d.step_id, NULL)
        AS step_id,
    if(d.event_type IN ('page_view', 'step_entry', 'conversion', 'engagement'), c.page_id, NULL)
        AS page_id,
    value_cents, if(value_cents IS NULL, NULL, d.currency) AS currency, metadata
FROM deeds AS d
JOIN counted AS c USING (topic_id, partition, "offset")
LEFT JOIN sessions AS s
    ON d.who = s.who AND d.session_id = s.session_id AND d.n >= s.since AND d.n < s.until
LEFT JOIN remembered ON d.who = remembered.who AND d.n = remembered.n
WHERE d.event_type <> 'experiment_exposed';

CREATE OR REPLACE VIEW funnel_sessions_messages AS
SELECT document, topic_id, partition, "offset", 0 AS epoch FROM row_deeds;

CREATE OR REPLACE VIEW funnel_sessions AS
WITH within AS (
    SELECT row_deeds.*
    FROM row_deeds
    LEFT JOIN reach USING (topic_id, partition)
    LEFT JOIN cuts ON cuts.collection = 'funnel_sessions' AND cuts.document = row_deeds.document
        AND cuts.topic_id = row_deeds.topic_id AND cuts.partition = row_deeds.partition
    WHERE "offset" <= greatest(reach.last, cuts.last)
),
-- A session that begins anew under its old id takes over the row with its first event.
totals AS (
    SELECT
        document, any_value(who) AS who, any_value(session_id) AS session_id, max(n) AS upto,
        max(since) AS since, max(since) FILTER (is_remembered) AS of_story,
        list({
            'event_type': event_type, 'page_id': page_id, 'step_id': step_id, 'at': ms,
            'metadata': metadata
        } ORDER BY n)[:500] AS events,
        count(*) AS events_total
    FROM within
    GROUP BY document
),
stories AS (
    SELECT
        document,
        list({
            'at': ms, 'event_type': event_type, 'step_id': step_id, 'page': page,
            'type': conversion_type, 'value_cents': value_cents, 'currency': currency
        } ORDER BY ms, "offset", n) AS story,
        first(context ORDER BY ms, "offset", n) AS context
    FROM within JOIN totals USING (document)
    WHERE is_remembered AND within.since = of_story
    GROUP BY document
),
-- The last user_id sent in the session, in any funnel.
users AS (
    SELECT totals.document, arg_max(user_id, n) AS user_id
    FROM totals JOIN row_deeds USING (who, session_id, since)
    WHERE n <= upto AND user_id IS NOT NULL
    GROUP BY totals.document
)
SELECT
    document, 0 AS nth,
    CAST(json_object(
        'user_id', user_id, 'story', coalesce(story, []), 'context', context, 'events', events,
        'events_total', events_total
    ) AS VARCHAR) AS state
FROM totals LEFT JOIN stories USING (document) LEFT JOIN users USING (document);
