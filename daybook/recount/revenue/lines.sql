-- Which funnel an order belongs to, what its lines are worth, and how its money is divided among
-- them.

-- Refunds in the order in which they were booked; `n` is the event that booked each.
CREATE TABLE bookings_of_refunds AS
SELECT
    key_id, row_number() OVER (PARTITION BY key_id ORDER BY n) AS nth,
    booked_n AS n, day, hour, currency, taken AS cents, topic_id, partition, "offset"
FROM booked_refunds
WHERE taken > 0;

-- The first order.created determines the order's funnel for good, even if it names none. It may
-- come late, but not after more booked refunds than the state keeps.
CREATE TABLE too_late AS
SELECT key_id, n FROM bookings_of_refunds
WHERE nth = (SELECT order_waiting_max + 1 FROM settings);

CREATE TABLE creations AS
SELECT
    c.key_id, c.n, c.topic_id, c.partition, c."offset", c.organization_id,
    json_extract_string(data, 'funnel_id') AS funnel_id,
    json_extract_string(data, 'step_id') AS step_id,
    lines_of(data) AS lines
FROM counted AS c LEFT JOIN too_late AS l USING (key_id)
WHERE event_type = 'order.created'
QUALIFY row_number() OVER (PARTITION BY c.key_id ORDER BY c.n) = 1
    AND (l.n IS NULL OR c.n < l.n);

CREATE TABLE of_funnels AS FROM creations WHERE funnel_id IS NOT NULL;

-- The products of an order: lines with quantity 0 are ignored, and of several names for a product
-- the greatest wins.
CREATE TABLE products AS
SELECT
    key_id, product_id, nullif(max(coalesce(called, '')), '') AS name,
    CAST(sum(quantity) AS BIGINT) AS units,
    least(sum(CAST(quantity AS HUGEINT) * price_cents), 9007199254740991) AS worth
FROM (
    SELECT
        key_id,
        json_extract_string(line, 'product_id') AS product_id,
        json_extract_string(line, 'product_name') AS called,
        try_cast(json_extract_string(line, 'quantity') AS BIGINT) AS quantity,
        try_cast(json_extract_string(line, 'price_cents') AS BIGINT) AS price_cents
    FROM (SELECT key_id, unnest(lines) AS line FROM of_funnels)
)
WHERE quantity > 0
GROUP BY key_id, product_id;

-- The share of `cents` for a part of `weight`: whole cents by largest remainder, equal remainders
-- by product id, so that the parts add up.
CREATE MACRO whole_cents(cents, weight, whole) AS CAST(cents AS HUGEINT) * weight // whole;
CREATE MACRO remainder(cents, weight, whole) AS CAST(cents AS HUGEINT) * weight % whole;

-- Each product's share of the payment.
CREATE TABLE sold AS
SELECT
    key_id, product_id,
    CAST(cents_at_least + (place <= cents - all_at_least)::INTEGER AS BIGINT) AS cents
FROM (
    SELECT
        *,
        sum(cents_at_least) OVER (PARTITION BY key_id) AS all_at_least,
        row_number() OVER (PARTITION BY key_id ORDER BY beyond DESC, product_id) AS place
    FROM (
        SELECT
            key_id, product_id, cents,
            sum(worth) OVER (PARTITION BY key_id) AS whole,
            whole_cents(cents, worth, whole) AS cents_at_least,
            remainder(cents, worth, whole) AS beyond
        FROM products JOIN payments USING (key_id)
    )
    WHERE whole > 0
);

-- Each product's share of every refund, one after the other. A refund is divided by what is left of
-- each product at that moment.
CREATE TABLE given_back AS
WITH RECURSIVE walk AS (
    SELECT key_id, product_id, 0 AS nth, CAST(0 AS BIGINT) AS cents, cents AS remains
    FROM sold
    WHERE key_id IN (SELECT key_id FROM bookings_of_refunds)
    UNION ALL
    SELECT key_id, product_id, nth, part, remains - part
    FROM (
        SELECT
            *, CAST(cents_at_least + (place <= cents - all_at_least)::INTEGER AS BIGINT) AS part
        FROM (
            SELECT
                *,
                sum(cents_at_least) OVER (PARTITION BY key_id) AS all_at_least,
                row_number() OVER (PARTITION BY key_id ORDER BY beyond DESC, product_id) AS place
            FROM (
                SELECT
                    w.key_id, w.product_id, b.nth, b.cents, w.remains,
                    sum(w.remains) OVER (PARTITION BY w.key_id) AS whole,
                    whole_cents(b.cents, w.remains, whole) AS cents_at_least,
                    remainder(b.cents, w.remains, whole) AS beyond
                FROM walk AS w JOIN bookings_of_refunds AS b
                    ON w.key_id = b.key_id AND b.nth = w.nth + 1
            )
            WHERE whole > 0
        )
    )
)
SELECT key_id, product_id, nth, cents FROM walk WHERE nth > 0;
