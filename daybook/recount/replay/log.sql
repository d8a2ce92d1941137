-- What the messages of all keys together say.

-- An event is a duplicate if its organization's event of the same id is also at a lower offset of
-- the partition, at most `duplicate_window` offsets below. Duplicates themselves count, so the
-- nearest decides. Every type of the topic enters the window, counted or not.
CREATE OR REPLACE TABLE main.duplicates AS
SELECT partition, "offset"
FROM (
    SELECT
        partition, "offset",
        "offset" - lag("offset") OVER (
            PARTITION BY partition, organization_id, try_cast(event_id AS UUID)
            ORDER BY "offset"
        ) AS distance
    FROM (SELECT * REPLACE (coalesce(organization_id, 'default') AS organization_id) FROM main.log)
)
WHERE distance <= (SELECT duplicate_window FROM main.settings);

-- The last offset of each partition.
CREATE OR REPLACE TABLE main.ends AS
SELECT partition, max("offset") AS last FROM main.log GROUP BY partition;
