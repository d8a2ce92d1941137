-- Which funnel and which ticketed events an order belongs to, what its lines are worth, and how its
-- money is divided among them.

-- The first order.created determines them for good, even if it names none. It may come late, but not
-- after more booked refunds than the state keeps.
CREATE TABLE too_late AS
SELECT key_id, n FROM booked_refunds
WHERE nth = (SELECT order_waiting_max + 1 FROM settings);

CREATE TABLE creations AS
SELECT
    c.key_id, c.n, c.topic_id, c.partition, c."offset", c.organization_id,
    json_extract_string(data, 'funnel_id') AS funnel_id,
    json_extract_string(data, 'step_id') AS step_id,
    json_extract_string(data, 'event_id') AS event_id,
    json_extract_string(data, 'visitor_id') AS visitor_id,
    epoch_us(utc) // 1000 AS created_ms,
    lines_of(data) AS lines
FROM created AS c LEFT JOIN too_late AS l USING (key_id)
WHERE l.n IS NULL OR c.n < l.n;

CREATE TABLE of_funnels AS FROM creations WHERE funnel_id IS NOT NULL;

-- Lines with quantity 0 are ignored. A line is of the ticketed event that it names, else of the
-- order's; before schema revision 8 it could name one in any form.
CREATE TABLE order_lines AS
FROM (
    SELECT
        key_id,
        json_extract_string(line, 'product_id') AS product_id,
        json_extract_string(line, 'product_name') AS called,
        try_cast(json_extract_string(line, 'quantity') AS BIGINT) AS quantity,
        try_cast(json_extract_string(line, 'price_cents') AS BIGINT) AS price_cents,
        CASE json_type(line, 'ticketed_event_id')
            WHEN 'VARCHAR' THEN json_extract_string(line, 'ticketed_event_id')
            ELSE event_id
        END AS event_id
    FROM (SELECT key_id, event_id, unnest(lines) AS line FROM creations)
)
WHERE quantity > 0;

-- The products of an order in a funnel: of several names for a product the greatest wins.
CREATE TABLE products AS
SELECT
    key_id, product_id, nullif(max(coalesce(called, '')), '') AS name,
    CAST(sum(quantity) AS BIGINT) AS units,
    least(sum(CAST(quantity AS HUGEINT) * price_cents), 9007199254740991) AS worth
FROM order_lines SEMI JOIN of_funnels USING (key_id)
GROUP BY key_id, product_id;

-- The lines of an order by ticketed event, and those of none, if any line is of one. An order without
-- lines is altogether of its own event. If nothing costs anything, the worth is the quantity.
CREATE TABLE tickets AS
SELECT
    key_id, event_id, CAST(quantity AS BIGINT) AS units,
    least(
        if(sum(cost) OVER (PARTITION BY key_id) > 0, cost, greatest(quantity, 1)), 9007199254740991
    ) AS worth
FROM (
    SELECT
        key_id, event_id, sum(quantity) AS quantity,
        sum(CAST(quantity AS HUGEINT) * price_cents) AS cost
    FROM order_lines
    GROUP BY key_id, event_id
    UNION ALL
    SELECT key_id, event_id, 0, 0
    FROM creations ANTI JOIN order_lines USING (key_id)
    WHERE event_id IS NOT NULL
)
QUALIFY count(event_id) OVER (PARTITION BY key_id) > 0;

-- What an order's money is divided among, in order: its products, and apart its ticketed events.
CREATE TABLE parts AS
SELECT
    'product' AS split, key_id, row_number() OVER (PARTITION BY key_id ORDER BY product_id) AS place,
    product_id AS name, worth
FROM products
UNION ALL
SELECT
    'event', key_id, row_number() OVER (PARTITION BY key_id ORDER BY event_id NULLS LAST),
    event_id, worth
FROM tickets;

-- The money of an order in its funnel and ticketed events, in order: payments, then refunds, by the
-- later of two events: the booking, or the order.created that names them. That event is what an
-- amount is attributed to.
CREATE TABLE pieces AS
SELECT
    key_id, what, day, hour, currency, cents, is_first, is_paired,
    row_number() OVER (PARTITION BY key_id ORDER BY greatest(b.n, f.n), what DESC, b.n, b.nth) AS nth,
    greatest(b.n, f.n) AS n,
    if(b.n > f.n, b.topic_id, f.topic_id) AS topic_id,
    if(b.n > f.n, b.partition, f.partition) AS partition,
    if(b.n > f.n, b."offset", f."offset") AS "offset"
FROM (
    SELECT
        key_id, n, paid_n AS nth, 'revenue_cents' AS what, day, hour, currency, cents, is_first,
        false AS is_paired, topic_id, partition, "offset"
    FROM payments
    UNION ALL
    SELECT
        key_id, n, nth, 'refunded_cents', day, hour, currency, cents, nth = 1,
        is_paired, topic_id, partition, "offset"
    FROM booked_refunds
) AS b
JOIN (
    FROM creations SEMI JOIN (SELECT key_id FROM of_funnels UNION SELECT key_id FROM tickets)
        USING (key_id)
) AS f USING (key_id);

-- The share of `cents` for a part of `weight`: whole cents by largest remainder, equal remainders
-- by the parts' order, so that the shares add up.
CREATE MACRO whole_cents(cents, weight, whole) AS
    coalesce(CAST(cents AS HUGEINT) * weight // nullif(whole, 0), 0);
CREATE MACRO remainder(cents, weight, whole) AS
    coalesce(CAST(cents AS HUGEINT) * weight % nullif(whole, 0), 0);

-- Each part's share of every piece, one after the other: of a payment by what its lines are worth, of
-- a refund by what is left of it at that moment, of a reversal by what was refunded. A refund and a
-- reversal that only cover each other concern no part.
CREATE TABLE shares_of_parts AS
WITH RECURSIVE walk AS (
    SELECT
        split, key_id, place, name, worth, 0 AS nth, CAST('' AS VARCHAR) AS what, CAST(0 AS BIGINT) AS cents,
        CAST(0 AS BIGINT) AS earned, CAST(0 AS BIGINT) AS refunded
    FROM parts
    UNION ALL
    SELECT
        split, key_id, place, name, worth, nth, what, part,
        earned + if(what = 'revenue_cents', part, 0),
        refunded + if(what = 'refunded_cents', part, 0)
    FROM (
        SELECT
            *,
            CAST(
                sign(cents) * (cents_at_least + (whole > 0 AND turn <= abs(cents) - all_at_least)::INTEGER)
                AS BIGINT
            ) AS part
        FROM (
            SELECT
                *,
                sum(cents_at_least) OVER (PARTITION BY split, key_id) AS all_at_least,
                row_number() OVER (PARTITION BY split, key_id ORDER BY beyond DESC, place) AS turn
            FROM (
                SELECT
                    w.* EXCLUDE (nth, what, cents), p.nth, p.what, p.cents,
                    CASE
                        WHEN is_paired THEN 0
                        WHEN p.what = 'revenue_cents' THEN worth
                        WHEN p.cents < 0 THEN refunded
                        ELSE earned - refunded
                    END AS weight,
                    sum(weight) OVER (PARTITION BY split, w.key_id) AS whole,
                    whole_cents(abs(p.cents), weight, whole) AS cents_at_least,
                    remainder(abs(p.cents), weight, whole) AS beyond
                FROM walk AS w JOIN pieces AS p ON w.key_id = p.key_id AND p.nth = w.nth + 1
            )
        )
    )
)
SELECT split, key_id, name, nth, what, cents FROM walk WHERE cents <> 0;
