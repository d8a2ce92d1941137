-- The base of every group's rules: the events of its topic, each with its day and hour in the
-- fleet's zone, and whether it is a duplicate. Runs before the group's own file.
--
-- Tables that the loader fills:
--   log           one row per message, without tombstones, dead letters, replays for other groups
--   zone_offsets  the UTC offsets of the fleet's zone, each with the time (UTC) it applies from
--   settings      one row: duplicate_window (in offsets), order_waiting_max
--   leader_roles  the roles that count as leaders
--   definitions   the published definitions of funnels, for groups that read them
--   pins          the definitions that the states have recorded as applying
--   reach         per partition, the last offset that every document has counted
--   cuts          per document and partition, the last offset it has counted beyond reach
--   chosen        the states to return, if not all

-- Filled by the group's file, if it applies: collections whose documents have more in their key
-- than a day, and whose numbers are measures of whole histories. There, a name that appeared once
-- stays, even with zeros: its amount may have moved to another document since.
CREATE TABLE measured (collection VARCHAR, key VARCHAR[]);

-- Filled by the group's file, if it applies: display names of map keys; the greatest name wins.
CREATE TABLE names (
    collection VARCHAR, document VARCHAR, path VARCHAR, topic_id VARCHAR, partition INTEGER,
    "offset" BIGINT, name VARCHAR
);

-- Why an event cannot be counted. Such an event should be a dead letter; if it is not, the recount
-- cannot give a result.
CREATE MACRO misread(id, utc, key_id, message_key, appended_ms) AS
    CASE
        WHEN id IS NULL THEN 'event_id is not a UUID'
        WHEN utc IS NULL THEN 'occurred_at is not a time'
        WHEN key_id IS NULL OR key_id IS DISTINCT FROM message_key
            THEN 'the key is not the one that the catalogue declares'
        WHEN utc < TIMESTAMP '1990-01-01' THEN 'occurred_at is before 1990'
        -- The year 2100; without this bound the sum below would overflow.
        WHEN epoch_us(utc) > (least(appended_ms, 4102444800000) + 24 * 3600 * 1000) * 1000
            THEN 'occurred_at is more than 24 hours after the append time'
        WHEN appended_ms NOT BETWEEN 631152000000 AND 4102444799999
            THEN 'the append time is before 1990 or after 2099'
    END;

-- The events of the given types, which are all types of the topic. `key` names the field of `data`
-- that is the message's key; `own_keys` gives types with another key: a prefix of two characters,
-- then the field. Other types are ignored, also by the duplicate window.
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
        -- Years of other than four digits may have no date in UTC or in the fleet's zone.
        try_cast(if(occurred_at LIKE '____-__-__T%', occurred_at, NULL) AS TIMESTAMPTZ)
            AT TIME ZONE 'UTC' AS utc
    FROM log
    WHERE event_type IN (SELECT unnest(types))
)
SELECT
    known.*,
    -- An event belongs to the day of its occurred_at in the fleet's zone.
    strftime(utc + shift, '%Y-%m-%d') AS day,
    strftime(utc + shift, '%H') AS hour,
    -- An event is a duplicate if its organization's event of the same id is also at a lower offset
    -- of the partition, at most `duplicate_window` offsets below. Duplicates themselves count, so
    -- the nearest decides.
    coalesce(
        "offset" - lag("offset") OVER (
            PARTITION BY topic_id, partition, organization_id, id ORDER BY "offset"
        ) <= (SELECT duplicate_window FROM settings),
        false
    ) AS duplicate,
    misread(id, utc, key_id, message_key, appended_ms) AS reason
FROM known ASOF LEFT JOIN zone_offsets ON known.utc >= zone_offsets.since;

-- A text as part of an _id or of a field's path: % : . $ and NUL are percent-encoded.
CREATE MACRO encoded(part) AS
    replace(replace(replace(replace(replace(
        part, '%', '%25'), ':', '%3A'), '.', '%2E'), '$', '%24'), chr(0), '%00');

-- An encoded key of more than 200 bytes becomes its first 150 bytes (cut back to a whole
-- character), '~', and 16 hex digits of the SHA-256 of the whole key.
CREATE MACRO shortened(name) AS
    CASE
        WHEN strlen(name) <= 200 THEN name
        ELSE left(name, list_max(list_filter(range(151), lambda n: strlen(left(name, n)) <= 150)))
            || '~' || sha256(name)[:16]
    END;

-- A text as the key of a map: encoded and shortened; if it equals a reserved word, its first letter
-- is encoded as well.
CREATE MACRO map_key(name) AS
    CASE encoded(name)
        WHEN 'other' THEN '%6Fther'
        WHEN 'unattributed' THEN '%75nattributed'
        WHEN 'direct' THEN '%64irect'
        WHEN 'exit' THEN '%65xit'
        ELSE shortened(encoded(name))
    END;
