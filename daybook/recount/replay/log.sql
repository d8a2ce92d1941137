-- What the messages of all keys together say.

-- An event's id: a UUID, or the first 16 bytes of the SHA-256 of any other text of 8 to 64
-- characters.
CREATE OR REPLACE MACRO main.id_of(text) AS
    CASE
        WHEN regexp_full_match(text, '[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}')
            THEN CAST(text AS UUID)
        WHEN length(text) BETWEEN 8 AND 64 THEN CAST(sha256(text)[:32] AS UUID)
    END;

-- An event is a duplicate if its organization's event of the same id is also at a lower offset of
-- the partition, at most `duplicate_window` offsets below. Duplicates themselves count, so the
-- nearest decides. Every type of the topic enters the window, counted or not.
CREATE OR REPLACE TABLE main.duplicates AS
SELECT partition, "offset"
FROM (
    SELECT
        partition, "offset",
        "offset" - lag("offset") OVER (
            PARTITION BY partition, organization_id, main.id_of(event_id)
            ORDER BY "offset"
        ) AS distance
    FROM (SELECT * REPLACE (coalesce(organization_id, 'default') AS organization_id) FROM main.log)
)
WHERE distance <= (SELECT duplicate_window FROM main.settings);

-- The last offset of each partition.
CREATE OR REPLACE TABLE main.ends AS
SELECT partition, max("offset") AS last FROM main.log GROUP BY partition;
