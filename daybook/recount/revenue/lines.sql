-- Which funnel an order belongs to, what its lines are worth, and how its money is divided among
-- them.

-- The first order.created determines the order's funnel for good, even if it names none. It may
-- come late, but not after more booked refunds than the state keeps.
CREATE TABLE too_late AS
SELECT key_id, n FROM booked_refunds
WHERE nth = (SELECT order_waiting_max + 1 FROM settings);

CREATE TABLE creations AS
SELECT
    c.key_id, c.n, c.topic_id, c.partition, c."offset", c.organization_id,
    json_extract_string(data, 'funnel_id') AS funnel_id,
    json_extract_string(data, 'step_id') AS step_id,
    lines_of(data) AS lines
FROM created AS c LEFT JOIN too_late AS l USING (key_id)
WHERE l.n IS NULL OR c.n < l.n;

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

-- The money of an order in its funnel, in order: payments, then refunds, by the later of two events:
-- the booking, or the order.created that names the funnel. That event is what an amount is
-- attributed to.
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
) AS b JOIN of_funnels AS f USING (key_id);

-- The share of `cents` for a part of `weight`: whole cents by largest remainder, equal remainders
-- by product id, so that the parts add up.
CREATE MACRO whole_cents(cents, weight, whole) AS
    coalesce(CAST(cents AS HUGEINT) * weight // nullif(whole, 0), 0);
CREATE MACRO remainder(cents, weight, whole) AS
    coalesce(CAST(cents AS HUGEINT) * weight % nullif(whole, 0), 0);

-- Each product's share of every piece, one after the other: of a payment by what its lines are
-- worth, of a refund by what is left of it at that moment, of a reversal by what was refunded. A
-- refund and a reversal that only cover each other concern no product.
CREATE TABLE shares_of_products AS
WITH RECURSIVE walk AS (
    SELECT
        key_id, product_id, worth, 0 AS nth, CAST('' AS VARCHAR) AS what, CAST(0 AS BIGINT) AS cents,
        CAST(0 AS BIGINT) AS earned, CAST(0 AS BIGINT) AS refunded
    FROM products
    UNION ALL
    SELECT
        key_id, product_id, worth, nth, what, part,
        earned + if(what = 'revenue_cents', part, 0),
        refunded + if(what = 'refunded_cents', part, 0)
    FROM (
        SELECT
            *,
            CAST(
                sign(cents) * (cents_at_least + (whole > 0 AND place <= abs(cents) - all_at_least)::INTEGER)
                AS BIGINT
            ) AS part
        FROM (
            SELECT
                *,
                sum(cents_at_least) OVER (PARTITION BY key_id) AS all_at_least,
                row_number() OVER (PARTITION BY key_id ORDER BY beyond DESC, product_id) AS place
            FROM (
                SELECT
                    w.* EXCLUDE (nth, what, cents), p.nth, p.what, p.cents,
                    CASE
                        WHEN is_paired THEN 0
                        WHEN p.what = 'revenue_cents' THEN worth
                        WHEN p.cents < 0 THEN refunded
                        ELSE earned - refunded
                    END AS weight,
                    sum(weight) OVER (PARTITION BY w.key_id) AS whole,
                    whole_cents(abs(p.cents), weight, whole) AS cents_at_least,
                    remainder(abs(p.cents), weight, whole) AS beyond
                FROM walk AS w JOIN pieces AS p ON w.key_id = p.key_id AND p.nth = w.nth + 1
            )
        )
    )
)
SELECT key_id, product_id, nth, cents FROM walk WHERE cents <> 0;
