-- Which definition is pinned to a visitor's day in a funnel, and from which of their events on.

CREATE OR REPLACE TABLE pinned AS
WITH ruled AS (
    SELECT who, place, day, round, n, reference, definition, false AS is_written
    FROM (
        FROM pinnable JOIN funnels USING (place) ANTI JOIN unpinned USING (who, n)
    ) AS p ASOF JOIN in_force AS d
        ON p.funnel = d.funnel AND p.appended_ms >= d.appended_ms
    QUALIFY row_number() OVER (PARTITION BY who, place, day, round ORDER BY n) = 1
),
-- A pin recorded in a state is what members counted by, from the entry on that it was made for. If
-- that entry is not one of the day, the pin belongs to the newest round. If the log no longer has
-- the referenced definition, the state's copy is used.
written AS (
    SELECT
        who, place, day, round, p.n, reference,
        coalesce(d.definition, w.definition) AS definition, true AS is_written,
        p.partition = w.partition AND p."offset" = w."offset" AS is_exact,
        bool_or(is_exact) OVER of_day AS is_day_exact,
        max(round) OVER of_day AS newest
    FROM pins AS w
    JOIN people ON people.owner = w.owner
    JOIN pinnable AS p USING (who, day)
    JOIN funnels USING (place)
    LEFT JOIN definitions AS d USING (reference)
    WHERE w.funnel = encoded(funnel_id)
        AND coalesce(d.definition, w.definition) IS NOT NULL
        AND coalesce(d.funnel, funnels.funnel) = funnels.funnel
    WINDOW of_day AS (PARTITION BY who, place, day)
    QUALIFY row_number() OVER (
        PARTITION BY who, place, day, round ORDER BY is_exact DESC, p.n
    ) = 1
),
valid AS (
    SELECT * EXCLUDE (is_exact, is_day_exact, newest)
    FROM written
    WHERE if(is_day_exact, is_exact, round = newest)
)
FROM valid
UNION ALL
FROM ruled ANTI JOIN valid USING (who, place, day, round);
