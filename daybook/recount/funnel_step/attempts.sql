-- For each unit, funnel and definition: the days that go by it, and all entries, in order.
CREATE OR REPLACE VIEW attempt_histories AS
WITH entered AS (
    SELECT unit, who, place, day, hour, ms, nth, round, m.entered
    FROM acts AS m JOIN pinnable USING (who, place, day, n)
    WHERE m.entered IS NOT NULL
),
ruled AS (
    SELECT DISTINCT unit, place, definition, day
    FROM entered
    JOIN units USING (unit, who)
    JOIN pinned USING (who, place, day, round)
    WHERE pinned.n <= upto
),
histories AS (
    SELECT
        unit, place, list(entered ORDER BY nth) AS steps, list(ms ORDER BY nth) AS times,
        list(day ORDER BY nth) AS days, list(hour ORDER BY nth) AS hours
    FROM entered
    GROUP BY unit, place
)
SELECT funnel, sign, tag, definition, ruled_days, steps, times, days, hours
FROM (SELECT unit, place, definition, list(day) AS ruled_days FROM ruled GROUP BY ALL)
JOIN histories USING (unit, place)
JOIN units USING (unit)
JOIN funnels USING (place);
