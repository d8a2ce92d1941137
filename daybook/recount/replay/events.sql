-- What every group's rules stand on: the events of its topic, each with its day and hour in the
-- fleet's zone, and whether it is a duplicate. Runs before the group's own file.
--
-- Given by the loader:
--   log           one row a message, but for tombstones, dead letters, replays for other groups
--   zone_offsets  since when (UTC) the fleet's zone is how far from UTC
--   settings      one row: duplicate_window (in offsets), order_waiting_max
--   leader_roles  the roles that make a leader
--   definitions   what was published of funnels, for groups that read it
--   pins          the definitions that states have written down
--   reach, cuts   how far to count
--   chosen        the states that are asked for, if not all

-- Said by the group's file, if it applies: collections whose documents have more in their key than
-- a day, and whose numbers are measures of whole histories. There, what was once named stays, be
-- it with zeros: an amount may have moved to another document since.
CREATE TABLE measured (collection VARCHAR, key VARCHAR[]);

-- Said by the group's file, if it applies: what keys of a map are called; the greatest name stays.
CREATE TABLE names (
    collection VARCHAR, document VARCHAR, path VARCHAR, topic_id VARCHAR, partition INTEGER,
    "offset" BIGINT, name VARCHAR
);

-- Why an event cannot be counted. It should be a dead letter then; if nobody made one of it, the
-- recount can say nothing.
CREATE MACRO misread(id, utc, key_id, message_key, appended_ms) AS
    CASE
        WHEN id IS NULL THEN 'its event_id is no UUID'
        WHEN utc IS NULL THEN 'its occurred_at is no time'
        WHEN key_id IS NULL OR key_id IS DISTINCT FROM message_key
            THEN 'its key is not what the catalogue says'
        WHEN utc < TIMESTAMP '1990-01-01' THEN 'it is dated before 1990'
        WHEN epoch_us(utc) > (appended_ms + 24 * 3600 * 1000) * 1000
            THEN 'it is dated more than 24 hours after its arrival'
    END;

-- The events of the types that the topic is known to carry; `key` names the field of `data` that
-- is the message's key, `own_keys` those types that have another: two letters that go before it,
-- and its field. Other types are in nobody's way: they are not even in the window.
CREATE MACRO events_of(types, key, own_keys := CAST(MAP {} AS MAP(VARCHAR, VARCHAR))) AS TABLE
WITH known AS (
    SELECT
        topic_id, partition, "offset", epoch, appended_ms, message_key, event_type, data,
        coalesce(organization_id, 'default') AS organization_id,
        try_cast(event_id AS UUID) AS id,
        CASE
            WHEN own_keys[event_type] IS NULL THEN json_extract_string(data, key)
            ELSE left(own_keys[event_type], 2)
                || json_extract_string(data, substring(own_keys[event_type], 3))
        END AS key_id,
        try_cast(occurred_at AS TIMESTAMPTZ) AT TIME ZONE 'UTC' AS utc
    FROM log
    WHERE event_type IN (SELECT unnest(types))
)
SELECT
    known.*,
    -- The day an event belongs to is the day of its occurred_at where the fleet lives.
    strftime(utc + shift, '%Y-%m-%d') AS day,
    strftime(utc + shift, '%H') AS hour,
    -- A duplicate has its id at a lower offset of the same partition, at most N offsets below.
    -- Copies stand as well, so the nearest one decides.
    coalesce(
        "offset" - lag("offset") OVER (PARTITION BY topic_id, partition, id ORDER BY "offset")
            <= (SELECT duplicate_window FROM settings),
        false
    ) AS duplicate,
    misread(id, utc, key_id, message_key, appended_ms) AS reason
FROM known ASOF LEFT JOIN zone_offsets ON known.utc >= zone_offsets.since;

-- A text as a part of an _id, or of a field's path: % : . $ and NUL are percent-encoded.
CREATE MACRO encoded(part) AS
    replace(replace(replace(replace(replace(
        part, '%', '%25'), ':', '%3A'), '.', '%2E'), '$', '%24'), chr(0), '%00');

-- An encoded key over 200 bytes becomes its first 150 (cut back to a whole character), '~', and
-- 16 hex digits of the SHA-256 of all of it.
CREATE MACRO shortened(name) AS
    CASE
        WHEN strlen(name) <= 200 THEN name
        ELSE left(name, list_max(list_filter(range(151), lambda n: strlen(left(name, n)) <= 150)))
            || '~' || sha256(name)[:16]
    END;

-- A text as the key of a map: encoded; one that equals a reserved word has its first letter
-- encoded, too.
CREATE MACRO map_key(name) AS
    CASE encoded(name)
        WHEN 'other' THEN '%6Fther'
        WHEN 'unattributed' THEN '%75nattributed'
        WHEN 'direct' THEN '%64irect'
        WHEN 'exit' THEN '%65xit'
        ELSE shortened(encoded(name))
    END;
