-- The base of every group's rules: the events of its topic, each with its day and hour in the
-- fleet's zone, and whether it is a duplicate. Runs before the group's own file.
--
-- Tables that the loader fills:
--   log           one row per message of the keys in hand, with whether it is a duplicate; without
--                 tombstones, dead letters, unknown types, and replays for other groups
--   zone_offsets  the UTC offsets of the fleet's zone, each with the time (UTC) it applies from
--   settings      one row: duplicate_window (in offsets), order_waiting_max
--   leader_roles  the roles that count as leaders
--   definitions   the published definitions of funnels, for groups that read them
--   pins          the definitions that the states have recorded as applying
--   reach         per partition, the last offset that every document has counted
--   cuts          per document and partition, the last offset it has counted beyond reach

-- Filled by the group's file, if it applies: collections whose documents have more in their key
-- than a day, and whose numbers are measures of whole histories. There, a name that appeared once
-- stays, even with zeros: its amount may have moved to another document since.
CREATE TABLE measured (collection VARCHAR, key VARCHAR[]);

-- Filled by the group's file, if it applies: display names of map keys; the greatest name wins.
CREATE TABLE names (
    collection VARCHAR, document VARCHAR, path VARCHAR, topic_id VARCHAR, partition INTEGER,
    "offset" BIGINT, name VARCHAR
);

-- Filled by the group's stages, if it applies: the visitors that each sketch must hold, everybody
-- that its counter ever counted in the period. `is_due`: counted by an event up to `reach`; the
-- others may be in the sketch already. The partitions of a sketch are one here; `partition` is that
-- of the visitor's first event in it.
CREATE TABLE sketched (
    name VARCHAR, owner VARCHAR, topic_id VARCHAR, partition INTEGER, is_due BOOLEAN, period VARCHAR
);

-- A time of RFC 3339 in UTC, cut to the millisecond; NULL for any other text. A leap second is the
-- second after it; in all zones since 1990 it ends a quarter of an hour.
CREATE MACRO moment_of(text) AS
    CASE
        WHEN NOT regexp_full_match(
            text,
            '\d{4}-\d\d-\d\d[Tt]([01]\d|2[0-3]):([0-5]\d:[0-5]\d|(14|29|44|59):60)(\.\d+)?'
            '([Zz]|[+-](0\d|1[0-3]):[0-5]\d|[+-]14:00)'
        ) THEN NULL
        -- As most producers write it, which takes a third of the time.
        WHEN strlen(text) = 24 AND text[11] = 'T' AND text[18] <> '6' AND text[24] = 'Z'
            THEN try_cast(text[:23] AS TIMESTAMP)
        ELSE try_cast(text[:10] || ' ' || text[12:16] AS TIMESTAMP)
            + to_seconds(CAST(text[18:19] AS BIGINT))
            + to_milliseconds(
                CAST(rpad(regexp_extract(text, '\.(\d{1,3})', 1), 3, '0') AS BIGINT)
            )
            - if(
                text[-1] IN ('Z', 'z'),
                INTERVAL 0 MINUTE,
                to_minutes(
                    CAST(text[-6] || '1' AS BIGINT)
                    * (60 * CAST(text[-5:-4] AS BIGINT) + CAST(text[-2:] AS BIGINT))
                )
            )
    END;

-- Why an event cannot be counted. Such an event should be a dead letter; if it is not, the recount
-- cannot give a result.
CREATE MACRO misread(id, utc, key_id, appended_ms) AS
    CASE
        WHEN id IS NULL THEN 'event_id does not have 8 to 64 characters'
        WHEN utc IS NULL THEN 'occurred_at is not a time'
        WHEN key_id IS NULL THEN 'the key is not the one that the catalogue declares'
        WHEN utc < TIMESTAMP '1990-01-01' THEN 'occurred_at is before 1990'
        -- The year 2100; without this bound the sum below would overflow.
        WHEN epoch_us(utc) > (least(appended_ms, 4102444800000) + 24 * 3600 * 1000) * 1000
            THEN 'occurred_at is more than 24 hours after the append time'
        WHEN appended_ms NOT BETWEEN 631152000000 AND 4102444799999
            THEN 'the append time is before 1990 or after 2099'
    END;

-- `key` names the field of `data` that is the message's key; `own_keys` gives types with another
-- key: a prefix of two characters, then the field. `key_id` is NULL if the message has another key.
CREATE MACRO events_of(key, own_keys := CAST(MAP {} AS MAP(VARCHAR, VARCHAR))) AS TABLE
WITH known AS (
    SELECT
        topic_id, partition, "offset", epoch, appended_ms, message_key, event_type, data, duplicate,
        coalesce(organization_id, 'default') AS organization_id,
        id_of(event_id) AS id,
        CASE
            WHEN own_keys[event_type] IS NULL THEN json_extract_string(data, key)
            ELSE left(own_keys[event_type], 2)
                || json_extract_string(data, substring(own_keys[event_type], 3))
        END AS declared_key,
        if(declared_key = message_key, message_key, NULL) AS key_id,
        moment_of(occurred_at) AS utc
    FROM log
)
SELECT
    known.* EXCLUDE (declared_key),
    -- An event belongs to the day of its occurred_at in the fleet's zone.
    strftime(utc + to_seconds(shift_seconds), '%Y-%m-%d') AS day,
    strftime(utc + to_seconds(shift_seconds), '%H') AS hour,
    misread(id, utc, key_id, appended_ms) AS reason
FROM known ASOF LEFT JOIN zone_offsets ON known.utc >= zone_offsets.since;

-- Beyond the duplicate window, a history still knows the ids of its last 32 counted events. Only
-- histories in which an id recurs are walked through, event by event; `n` numbers a history's events.
CREATE MACRO repeats_in(events, key) AS TABLE
WITH RECURSIVE suspects AS (
    SELECT DISTINCT history
    FROM (
        SELECT key AS history FROM query_table(events) WHERE NOT duplicate
        GROUP BY key, id HAVING count(*) > 1
    )
),
suspect_events AS MATERIALIZED (
    SELECT key AS history, n, id, duplicate FROM query_table(events) WHERE key IN (FROM suspects)
),
walk AS (
    SELECT history, 0 AS n, false AS is_repeat, CAST([] AS UUID[]) AS last_ids FROM suspects
    UNION ALL
    SELECT
        history, suspect_events.n,
        list_contains(last_ids, id),
        CASE
            WHEN duplicate OR list_contains(last_ids, id) THEN last_ids
            ELSE list_append(last_ids, id)[-32:]
        END
    FROM walk JOIN suspect_events USING (history)
    WHERE suspect_events.n = walk.n + 1
)
SELECT history, n FROM walk WHERE is_repeat;

-- A text as part of an _id or of a field's path: % : . $ and NUL are percent-encoded.
CREATE MACRO encoded(part) AS
    replace(replace(replace(replace(replace(
        part, '%', '%25'), ':', '%3A'), '.', '%2E'), '$', '%24'), chr(0), '%00');

-- An encoded key of more than 200 bytes becomes its first 150 bytes (cut back to a whole
-- character), '~', and 16 hex digits of the SHA-256 of the whole key.
CREATE MACRO shortened(name) AS
    -- An argument of a macro is computed wherever it is named, that of a lambda once.
    list_transform([name], lambda whole: CASE
        WHEN strlen(whole) <= 200 THEN whole
        ELSE left(whole, list_max(list_filter(range(151), lambda n: strlen(left(whole, n)) <= 150)))
            || '~' || sha256(whole)[:16]
    END)[1];

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
