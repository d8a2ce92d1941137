-- The entries that may pin a definition to their day in a funnel, and which is in force when.

-- Remembered entries. A day keeps its pin while one of its entries is remembered. Once all are
-- forgotten, the next entry begins another `round` of the day.
CREATE OR REPLACE TABLE pinnable AS
SELECT
    * EXCLUDE (begins),
    sum(CAST(begins AS INTEGER)) OVER (PARTITION BY who, place, day ORDER BY n) AS round
FROM (
    SELECT
        who, place, day, n, partition, "offset", appended_ms, until,
        coalesce(max(until) OVER (
            PARTITION BY who, place, day ORDER BY n
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) <= n, false) AS begins
    FROM remembered
    WHERE event_type = 'step_entry'
);

-- A definition applies from its append time on; of several with the same time, the last one. A
-- duplicate sent by a producer changes nothing; `funnel` begins with the organization.
CREATE OR REPLACE TABLE in_force AS
WITH originals AS (
    FROM definitions
    QUALIFY row_number() OVER (
        PARTITION BY partition, split_part(funnel, ':', 1), event_id ORDER BY "offset"
    ) = 1
)
SELECT funnel, appended_ms, definition, reference
FROM originals
QUALIFY row_number() OVER (
    PARTITION BY funnel, appended_ms ORDER BY partition DESC, "offset" DESC
) = 1;
