-- The visitors of each sketch. Of forgotten events, only those that were remembered count.
INSERT INTO sketched
WITH parts AS (
    SELECT
        unnest(list_filter([
            if(place IS NOT NULL AND event_type <> 'experiment_exposed',
                'funnel:' || encoded(funnel_id), NULL),
            if(event_type = 'conversion', 'funnel_converters:' || encoded(funnel_id), NULL),
            if(funnel_user IS NOT NULL, 'funnel_named:' || encoded(funnel_id), NULL),
            if(event_type = 'step_entry',
                'step:' || encoded(funnel_id) || ':'
                    || encoded(if(step_id = 'unattributed', '%75nattributed', step_id)), NULL),
            CASE event_type
                WHEN 'view' THEN 'event:' || encoded(event_id)
                WHEN 'purchase' THEN 'event_buyers:' || encoded(event_id)
            END
        ], lambda part: part IS NOT NULL)) AS part,
        organization, day, owner, n, topic_id, partition, "offset"
    FROM deeds
    SEMI JOIN remembered USING (who, n)
    JOIN people USING (who)
    LEFT JOIN funnels USING (place, funnel)
),
periods AS (
    SELECT * EXCLUDE (organization, part, day), unnest([day, left(day, 7)]) AS period,
        organization || ':' || part || ':' || period AS name
    FROM parts
)
SELECT
    name, owner, arg_min(topic_id, n) AS topic_id, arg_min(partition, n) AS partition,
    bool_or(coalesce("offset" <= last, false)) AS is_due, any_value(period) AS period
FROM periods LEFT JOIN reach USING (topic_id, partition)
GROUP BY name, owner;

-- The users of each sketch, from the same events. A user's visitors may be in several partitions.
INSERT INTO sketched
SELECT
    organization || ':funnel_users:' || encoded(funnel_id) || ':' || period AS name,
    organization || ':' || encoded(funnel_user) AS owner, topic_id, partition,
    bool_or(coalesce("offset" <= last, false)) AS is_due, any_value(period) AS period
FROM (
    SELECT
        organization, funnel_id, funnel_user, topic_id, partition, "offset",
        unnest([day, left(day, 7)]) AS period
    FROM deeds SEMI JOIN remembered USING (who, n) JOIN funnels USING (place, funnel)
    WHERE funnel_user IS NOT NULL
) LEFT JOIN reach USING (topic_id, partition)
GROUP BY name, owner, topic_id, partition;
