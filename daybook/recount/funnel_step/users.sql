-- The events that name a user. `number`: how often that was another one than before, by now.
CREATE OR REPLACE TABLE namings AS
SELECT who, n, user_id, sum(changes) OVER (PARTITION BY who ORDER BY n) AS number
FROM (
    SELECT
        who, n, user_id,
        CAST(
            user_id IS DISTINCT FROM lag(user_id) OVER (PARTITION BY who ORDER BY n) AS INTEGER
        ) AS changes
    FROM deeds
    WHERE user_id IS NOT NULL
);

-- funnel_users: a row for each user whom a visitor was, on a day in a funnel, by the last message that
-- the row has counted: `reach` for all of them, `cuts` for rows that are further. Its `_id` tells all.
CREATE OR REPLACE TABLE funnel_user_deeds AS
SELECT
    owner || ':' || encoded(funnel_id) || ':' || day || ':' || encoded(funnel_user) AS document,
    d.topic_id, d.partition, d."offset"
FROM deeds AS d SEMI JOIN remembered USING (who, n) JOIN people USING (who)
JOIN funnels USING (place, funnel)
WHERE funnel_user IS NOT NULL;

CREATE OR REPLACE VIEW funnel_users_messages AS
SELECT document, topic_id, partition, "offset", 0 AS epoch FROM funnel_user_deeds;

CREATE OR REPLACE VIEW funnel_users AS
SELECT DISTINCT u.document, 0 AS nth, '{}' AS state
FROM funnel_user_deeds AS u
LEFT JOIN reach USING (topic_id, partition)
LEFT JOIN cuts ON cuts.collection = 'funnel_users' AND cuts.document = u.document
    AND cuts.topic_id = u.topic_id AND cuts.partition = u.partition
WHERE "offset" <= greatest(reach.last, cuts.last);
