-- Daily sums of the orders of a funnel.

INSERT INTO measured VALUES ('analytics_funnel_revenue', ['organization_id', 'funnel_id']);

CREATE TABLE of_days AS
SELECT
    p.*, step_id, encoded(f.organization_id) || ':' || encoded(f.funnel_id) || ':' || day AS document
FROM pieces AS p
JOIN (SELECT key_id, organization_id, funnel_id, step_id FROM of_funnels) AS f USING (key_id);

-- The payments with which orders, their units and names count.
CREATE VIEW sales AS FROM of_days WHERE is_first AND what = 'revenue_cents';

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
    document, what, is_first, currency, cents, 1 AS orders, owner,
    d.topic_id, d.partition, d."offset"
FROM of_days AS d ASOF LEFT JOIN (FROM owners WHERE split = 'source') AS o
    ON d.key_id = o.key_id AND d.n > o.n
UNION ALL
SELECT
    document, what, is_first, currency, -cents, -1, previous, topic_id, partition, "offset"
FROM moved
UNION ALL
SELECT document, what, is_first, currency, cents, 1, owner, topic_id, partition, "offset"
FROM moved;

-- By product. If an order has no lines, or they cost nothing, its money is unattributed.
CREATE VIEW by_product AS
WITH shares_of_products AS (
    SELECT key_id, nth, name AS product_id, cents FROM shares_of_parts WHERE split = 'product'
)
SELECT d.*, product_id, parts.cents AS part
FROM of_days AS d JOIN shares_of_products AS parts USING (key_id, nth)
UNION ALL
SELECT d.*, NULL, cents
FROM of_days AS d ANTI JOIN shares_of_products USING (key_id, nth)
WHERE cents <> 0;

CREATE MACRO entry(field, key, part) AS
    field || '.' || coalesce(map_key(key), 'unattributed') || '.' || part;

-- Units are sold with the payment. No refund takes them back, since it names only an amount.
CREATE VIEW units AS
SELECT s.*, product_id, units, name FROM sales AS s JOIN products USING (key_id);

CREATE VIEW effects_of_funnels AS
SELECT 'analytics_funnel_revenue' AS collection, effect.*
FROM (
    SELECT
        document,
        unnest(money_paths(
            if(what = 'revenue_cents', 'gross_revenue_cents', what), currency, hour
        )),
        topic_id, partition, "offset", cents
    FROM of_days
    UNION ALL
    SELECT
        document,
        unnest(count_paths('orders', hour) || ['currencies.' || currency || '.orders']),
        topic_id, partition, "offset", 1
    FROM sales
    UNION ALL
    SELECT document, unnest(count_paths('refunded_orders', hour)), topic_id, partition, "offset", 1
    FROM of_days
    WHERE is_first AND what = 'refunded_cents'
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
    WHERE is_first AND what = 'revenue_cents'
    UNION ALL
    SELECT
        document, 'currencies.' || currency || '.' || entry('by_step', step_id, what),
        topic_id, partition, "offset", cents
    FROM of_days
    UNION ALL
    SELECT document, entry('by_step', step_id, 'orders'), topic_id, partition, "offset", 1
    FROM sales
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
