-- analytics_experiment, and those numbers of analytics_event_metrics that count visitors.

-- A visitor's first exposure to a test decides their variant, unless they saw several.
CREATE OR REPLACE TEMP TABLE exposures AS
SELECT
    unit, test_id, place, ms, day, hour, sign, tag, variants > 1 AS is_multiple,
    organization || ':' || encoded(test_id) || ':' || encoded(variant_id) AS document
FROM (
    SELECT
        unit, test_id, min(nth) AS nth, count(DISTINCT variant_id) AS variants
    FROM measured_deeds JOIN details USING (who, n)
    WHERE event_type = 'experiment_exposed'
    GROUP BY unit, test_id
) AS tested
JOIN measured_deeds USING (unit, nth)
JOIN details AS d USING (who, n, test_id)
JOIN units USING (unit, who);

-- Their conversions since then, by currency; NULL for conversions without money.
CREATE OR REPLACE TEMP TABLE outcomes AS
SELECT e.unit, e.test_id, currency, sum(cents) AS cents
FROM exposures AS e
JOIN acts AS c ON e.unit = c.unit AND e.place = c.place AND c.ms >= e.ms
JOIN details USING (who, n)
WHERE c.event_type = 'conversion' AND NOT is_multiple
GROUP BY e.unit, e.test_id, currency;

INSERT INTO amounts
SELECT
    'analytics_experiment', document, day, hour,
    if(is_multiple, 'multiple_exposures', 'visitors'), NULL, tag, sum(sign)
FROM exposures
GROUP BY ALL;

INSERT INTO amounts
SELECT 'analytics_experiment', document, day, hour, 'conversions', NULL, tag, sum(sign)
FROM exposures SEMI JOIN outcomes USING (unit, test_id)
GROUP BY ALL;

INSERT INTO amounts
SELECT
    'analytics_experiment', document, day, hour,
    unnest(['value_cents', 'value_cents_squared']), currency, tag,
    unnest([sum(sign * cents), sum(sign * CAST(cents AS HUGEINT) * CAST(cents AS HUGEINT))])
FROM exposures JOIN outcomes USING (unit, test_id)
WHERE cents IS NOT NULL
GROUP BY document, day, hour, currency, tag;

INSERT INTO amounts
SELECT 'analytics_event_metrics', document, day, hour, field, NULL, tag, sum(sign)
FROM (
    SELECT
        organization || ':' || encoded(event_id) AS document, day, arg_min(hour, nth) AS hour,
        if(event_type = 'view', 'unique_viewers', 'unique_buyers') AS field, sign, tag
    FROM measured_deeds JOIN details USING (who, n) JOIN units USING (unit, who)
    WHERE event_type IN ('view', 'purchase')
    GROUP BY unit, organization, event_id, day, event_type, sign, tag
)
GROUP BY ALL;
