-- The lifecycle of users, by day: each event adds one to one counter.

-- The fields of analytics_user_lifecycle. `since` is the model version that added the field.
CREATE TABLE fields AS
FROM (VALUES
    ('analytics_user_lifecycle', 'registrations', 'counter', NULL, NULL, 1),
    ('analytics_user_lifecycle', 'verifications', 'counter', NULL, NULL, 1),
    ('analytics_user_lifecycle', 'leaders_promoted', 'counter', NULL, NULL, 1),
    ('analytics_user_lifecycle', 'leaders_demoted', 'counter', NULL, NULL, 1),
    ('analytics_user_lifecycle', 'suspensions', 'counter', NULL, NULL, 1),
    ('analytics_user_lifecycle', 'reactivations', 'counter', NULL, NULL, 1),
    ('analytics_user_lifecycle', 'deletions', 'counter', NULL, NULL, 1),
    ('analytics_user_lifecycle', 'login_successes', 'counter', NULL, NULL, 1),
    ('analytics_user_lifecycle', 'login_failures', 'counter', NULL, NULL, 1),
    ('analytics_user_lifecycle', 'accounts_locked', 'counter', NULL, NULL, 1),
    ('analytics_user_lifecycle', 'verification_rate', 'rate', 'verifications', 'registrations', 1)
) AS field(collection, field, kind, part, whole, since);

-- Every type of the user topic enters the duplicate window, counted or not.
CREATE TABLE events AS
FROM events_of('user_id');

CREATE VIEW unreadable AS
SELECT topic_id, partition, "offset", reason FROM events WHERE reason IS NOT NULL
UNION ALL
SELECT topic_id, partition, "offset", 'old_role or new_role is not a string'
FROM events
WHERE event_type = 'user.role_changed' AND (
    json_type(data, 'old_role') IS DISTINCT FROM 'VARCHAR'
    OR json_type(data, 'new_role') IS DISTINCT FROM 'VARCHAR'
);

-- An event adds one to the counter of its type, in its day and hour. A change from another role to
-- a leader's is a promotion, the reverse a demotion; other changes of role do not count.
CREATE VIEW effects AS
WITH known AS (
    SELECT
        *,
        json_extract_string(data, 'old_role') IN (SELECT role FROM leader_roles) AS was_leader,
        json_extract_string(data, 'new_role') IN (SELECT role FROM leader_roles) AS is_leader
    FROM events
    WHERE NOT duplicate
),
counted AS (
    SELECT
        topic_id, partition, "offset", day, hour,
        CASE event_type
            WHEN 'user.created' THEN 'registrations'
            WHEN 'user.verified' THEN 'verifications'
            WHEN 'user.role_changed' THEN CASE
                WHEN is_leader AND NOT was_leader THEN 'leaders_promoted'
                WHEN was_leader AND NOT is_leader THEN 'leaders_demoted'
            END
            WHEN 'user.suspended' THEN 'suspensions'
            WHEN 'user.reactivated' THEN 'reactivations'
            WHEN 'user.deleted' THEN 'deletions'
            WHEN 'user.login_succeeded' THEN 'login_successes'
            WHEN 'user.login_failed' THEN 'login_failures'
            WHEN 'user.locked' THEN 'accounts_locked'
        END AS field
    FROM known
)
SELECT
    'analytics_user_lifecycle' AS collection,
    day AS document,
    unnest([field, 'hours.' || hour || '.' || field]) AS path,
    topic_id, partition, "offset",
    1 AS amount
FROM counted
WHERE field IS NOT NULL;
