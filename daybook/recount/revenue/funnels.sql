-- Daily sums of the orders of a funnel.

INSERT INTO measured VALUES ('analytics_funnel_revenue', ['organization_id', 'funnel_id']);

-- The money booked for funnels: payments (nth 0) and refunds. Each is attributed to the later of
-- two events: the booking, or the order.created that names the funnel.
CREATE TABLE of_days AS
SELECT
    key_id, nth, if(nth = 0, 'revenue_cents', 'refunded_cents') AS what, day, hour, currency, cents,
    f.organization_id, f.funnel_id, step_id,
    encoded(f.organization_id) || ':' || encoded(f.funnel_id) || ':' || day AS document,
    greatest(b.n, f.n) AS n,
    if(b.n > f.n, b.topic_id, f.topic_id) AS topic_id,
    if(b.n > f.n, b.partition, f.partition) AS partition,
    if(b.n > f.n, b."offset", f."offset") AS "offset"
FROM (
    SELECT 0 AS nth, * FROM payments
    UNION ALL BY NAME
    FROM bookings_of_refunds
) AS b JOIN of_funnels AS f USING (key_id);

-- By source: the newest source wins and takes over what is booked already, also the order's count.
CREATE VIEW by_source AS
WITH moved AS (
    SELECT
        d.* EXCLUDE (n, topic_id, partition, "offset"),
        owner, previous, o.topic_id, o.partition, o."offset"
    FROM of_days AS d JOIN owners AS o ON d.key_id = o.key_id AND o.split = 'source' AND d.n < o.n
    WHERE owner IS DISTINCT FROM previous
)
SELECT
    document, nth, what, currency, cents, 1 AS orders, owner,
    d.topic_id, d.partition, d."offset"
FROM of_days AS d ASOF LEFT JOIN (FROM owners WHERE split = 'source') AS o
    ON d.key_id = o.key_id AND d.n > o.n
UNION ALL
SELECT
    document, nth, what, currency, -cents, -1, previous, topic_id, partition, "offset"
FROM moved
UNION ALL
SELECT document, nth, what, currency, cents, 1, owner, topic_id, partition, "offset" FROM moved;

-- By product. If an order has no lines, or they cost nothing, its money is unattributed.
CREATE VIEW by_product AS
WITH parts AS (
    SELECT key_id, product_id, 0 AS nth, cents FROM sold
    UNION ALL
    FROM given_back
)
SELECT d.*, product_id, parts.cents AS part
FROM of_days AS d JOIN parts USING (key_id, nth)
UNION ALL
SELECT d.*, NULL, cents
FROM of_days AS d ANTI JOIN (SELECT key_id FROM sold GROUP BY key_id HAVING sum(cents) > 0)
    USING (key_id);

CREATE MACRO entry(field, key, part) AS
    field || '.' || coalesce(map_key(key), 'unattributed') || '.' || part;

-- Units are sold with the payment. No refund takes them back, since it names only an amount.
CREATE VIEW units AS
SELECT d.*, product_id, units, name FROM of_days AS d JOIN products USING (key_id) WHERE nth = 0;

CREATE VIEW effects AS
FROM effects_of_revenue
UNION ALL
SELECT 'analytics_funnel_revenue' AS collection, effect.*
FROM (
    SELECT
        document,
        unnest(money_paths(if(nth = 0, 'gross_revenue_cents', 'refunded_cents'), currency, hour)),
        topic_id, partition, "offset", cents
    FROM of_days
    UNION ALL
    SELECT
        document,
        unnest(count_paths('orders', hour) || ['currencies.' || currency || '.orders']),
        topic_id, partition, "offset", 1
    FROM of_days
    WHERE nth = 0
    UNION ALL
    SELECT document, unnest(count_paths('refunded_orders', hour)), topic_id, partition, "offset", 1
    FROM of_days
    WHERE nth = 1
    UNION ALL
    SELECT document, unnest(count_paths('units', hour)), topic_id, partition, "offset", units
    FROM units
    UNION ALL
    SELECT
        document, 'currencies.' || currency || '.' || entry('by_source', owner, what),
        topic_id, partition, "offset", cents
    FROM by_source
    UNION ALL
    SELECT document, entry('by_source', owner, 'orders'), topic_id, partition, "offset", orders
    FROM by_source
    WHERE nth = 0
    UNION ALL
    SELECT
        document, 'currencies.' || currency || '.' || entry('by_step', step_id, what),
        topic_id, partition, "offset", cents
    FROM of_days
    UNION ALL
    SELECT document, entry('by_step', step_id, 'orders'), topic_id, partition, "offset", 1
    FROM of_days
    WHERE nth = 0
    UNION ALL
    SELECT
        document, 'currencies.' || currency || '.' || entry('products', product_id, what),
        topic_id, partition, "offset", part
    FROM by_product
    UNION ALL
    SELECT document, entry('products', product_id, 'units'), topic_id, partition, "offset", units
    FROM units
) AS effect;

INSERT INTO names
SELECT
    'analytics_funnel_revenue' AS collection, document, entry('products', product_id, 'name') AS path,
    topic_id, partition, "offset", name
FROM units
WHERE name IS NOT NULL;
