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

CREATE OR REPLACE TABLE main.named_rows AS
    SELECT
        *,
        split_part(id, ':', 1) || ':' || split_part(id, ':', 4) || ':' || split_part(id, ':', 5)
            AS person,
        split_part(id, ':', 1) || ':' || split_part(id, ':', 2) || ':' || split_part(id, ':', 3)
            AS version_id
    FROM main.stored_rows;

-- Stored rows that are compared: those of versions in force, and those that no version explains.
CREATE OR REPLACE TABLE main.standing_rows AS
SELECT s.*
FROM main.named_rows AS s
LEFT JOIN main.versions AS v ON v.id = s.version_id
LEFT JOIN main.as_of AS a ON a.person = s.person
WHERE v.id IS NULL OR a.person IS NULL OR (v."offset" < done AND ended IS NULL);

CREATE OR REPLACE TABLE main.unexplained_rows AS
SELECT person, id AS document FROM main.standing_rows
ANTI JOIN main.expected_known USING (person, version_id);

-- Rows of versions that have ended stand as they were evaluated last. Of each, what was published
-- last then: that is how it must stand, unless a late event has corrected it since (`is_run`), which
-- the facts tell if nothing came after them (`is_known`).
CREATE OR REPLACE TABLE main.ended_rows AS
WITH ended AS (
    SELECT v.number AS v, v.id AS version_id, segment, version, ended, ended_ms,
        split_part(v.id, ':', 1) || ':' AS prefix
    FROM main.versions AS v WHERE ended IS NOT NULL
),
told AS (
    SELECT e.version_id, t.person, t.segment, t.number, t.is_entered, t.since, t.ms
    FROM main.told AS t JOIN ended AS e
        ON e.segment = t.segment AND starts_with(t.person, e.prefix) AND t.version <= e.version
),
-- Where the row is missing, it is one whose last change was to enter.
entered AS (
    FROM told SEMI JOIN (
        SELECT t.person, t.segment, t.version, max(number) AS number
        FROM main.told AS t GROUP BY ALL
    ) AS l
        ON l.person = told.person AND l.segment = told.segment AND l.number = told.number
        AND told.version_id = split_part(told.person, ':', 1) || ':' || encoded(l.segment) || ':'
            || l.version
    WHERE is_entered
)
SELECT
    coalesce(s.person, n.person) AS person,
    coalesce(s.id, n.version_id || substring(n.person, instr(n.person, ':'))) AS document,
    coalesce(s.version_id, n.version_id) AS version_id,
    s.version, s.is_in, s.since, s.until, s.number,
    coalesce(t.number, n.number) AS told_number,
    coalesce(t.is_entered, n.is_entered) AS told_in,
    coalesce(t.since, n.since) AS told_since,
    if(told_in, NULL, coalesce(t.ms, n.ms)) AS told_until
FROM main.named_rows AS s
LEFT JOIN told AS t ON t.person = s.person AND t.version_id = s.version_id
    AND CAST(t.number AS VARCHAR) = s.number
FULL JOIN entered AS n ON n.person = s.person AND n.version_id = s.version_id;

CREATE OR REPLACE TABLE main.wrong_ended_rows AS
SELECT
    r.*, v.version AS own_version, v.segment,
    v.number AS v, coalesce(l.appended_ms < v.ended_ms, false) AS is_known
FROM main.ended_rows AS r
JOIN main.versions AS v ON v.id = r.version_id
JOIN main.as_of AS a ON a.person = r.person
LEFT JOIN main.last_about AS l ON l.person = r.person
WHERE ended < done
    -- As it was published.
    AND NOT coalesce(
        r.version = CAST(v.version AS VARCHAR)
        AND is_in = if(told_in, 'true', 'false') AND since = CAST(told_since AS VARCHAR)
        AND until = coalesce(CAST(told_until AS VARCHAR), 'null'), false
    )
    -- As the facts say.
    AND NOT (
        r.version = CAST(v.version AS VARCHAR) AND r.is_in IS NOT NULL
        AND coalesce(is_in = if(told_in, 'true', 'false'), is_in = 'false' AND r.number = '0')
        AND EXISTS (
            SELECT 1 FROM main.ended_runs AS u
            WHERE u.number = v.number AND u.person = r.person
                AND CAST(u.since AS VARCHAR) = r.since
                AND (if(is_in = 'true', 'null', CAST(u.until AS VARCHAR)) = r.until)
        )
    );
