-- What the comparison reads. `versions`: all versions of segments, with the offsets of their
-- definition and of their end; `as_of`: of each person, the definitions that their shard has
-- evaluated, and the moment `t` as of which they are compared.

CREATE OR REPLACE TABLE main.told AS
WITH read AS (
    SELECT
        encoded(coalesce(organization_id, 'default')) || ':' || left(data ->> 'person', 2)
            || encoded(substring(data ->> 'person', 3)) AS person,
        data ->> 'segment_id' AS segment,
        try_cast(data ->> 'version' AS BIGINT) AS version,
        try_cast(data ->> 'number' AS BIGINT) AS number,
        epoch_ms(moment_of(data ->> 'since')) AS since,
        event_type = 'segment.entered' AS is_entered,
        epoch_ms(moment_of(occurred_at)) AS ms,
        event_id, epoch, partition, "offset", appended_ms
    FROM main.log
    WHERE event_type IN ('segment.entered', 'segment.left')
),
-- A change may be there several times, with one id.
once AS (
    FROM read
    QUALIFY row_number() OVER (
        PARTITION BY person, segment, event_id ORDER BY epoch, "offset"
    ) = 1
)
SELECT *, row_number() OVER (PARTITION BY person, segment ORDER BY epoch, "offset") AS nth
FROM once;

CREATE OR REPLACE TABLE main.last_told AS
SELECT
    person, segment, max(number) AS number, max(nth) AS nth, arg_max(is_entered, nth) AS is_in
FROM main.told
GROUP BY person, segment;

-- The segments that each person must know about, by what is in force for their shard.
CREATE OR REPLACE TABLE main.expected_known AS
SELECT
    v.id AS version_id, segment, person,
    CAST(version AS VARCHAR) AS version,
    if(until IS NULL, 'true', 'false') AS is_in,
    CAST(since AS VARCHAR) AS since,
    coalesce(CAST(until AS VARCHAR), 'null') AS until
FROM main.expected_rows AS e
JOIN main.versions AS v USING (number)
JOIN main.as_of AS a USING (person)
WHERE v."offset" < done AND ended IS NULL;

-- Stored rows that are compared: those of versions in force, and those that no version explains.
CREATE OR REPLACE TABLE main.standing_rows AS
WITH named AS (
    SELECT
        *,
        split_part(id, ':', 1) || ':' || split_part(id, ':', 4) || ':' || split_part(id, ':', 5)
            AS person,
        split_part(id, ':', 1) || ':' || split_part(id, ':', 2) || ':' || split_part(id, ':', 3)
            AS version_id
    FROM main.stored_rows
)
SELECT s.*
FROM named AS s
LEFT JOIN main.versions AS v ON v.id = s.version_id
LEFT JOIN main.as_of AS a ON a.person = s.person
WHERE v.id IS NULL OR a.person IS NULL OR (v."offset" < done AND ended IS NULL);

CREATE OR REPLACE TABLE main.unexplained_rows AS
SELECT person, id AS document FROM main.standing_rows
ANTI JOIN main.expected_known USING (person, version_id);
