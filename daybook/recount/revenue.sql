-- Payments and refunds of orders, by day, and the owners they are attributed to. An order's
-- payment, refunds and attribution may come in any order, so its whole history is replayed from the
-- start of the log. The funnels that orders name, and the states, are in revenue/.

-- The fields of the documents. `since` is the model version that added the field. Money is kept per
-- currency, and so are counters of kind 'per_currency'.
CREATE TABLE fields AS
FROM (VALUES
    ('analytics_revenue', 'gross_revenue_cents', 'money', NULL, NULL, 1),
    ('analytics_revenue', 'refunded_cents', 'money', NULL, NULL, 1),
    ('analytics_revenue', 'refund_excess_cents', 'money', NULL, NULL, 1),
    ('analytics_revenue', 'paid_orders', 'per_currency', NULL, NULL, 1),
    ('analytics_revenue', 'refunded_orders', 'counter', NULL, NULL, 1),
    ('analytics_revenue', 'duplicate_payments', 'counter', NULL, NULL, 1),
    ('analytics_revenue', 'revenue_by_community', 'money_map', NULL, NULL, 1),
    ('analytics_revenue', 'revenue_by_promotion', 'money_map', NULL, NULL, 1),
    ('analytics_revenue', 'refunded_by_community', 'money_map', NULL, NULL, 1),
    ('analytics_revenue', 'refunded_by_promotion', 'money_map', NULL, NULL, 1),
    ('analytics_revenue', 'net_revenue_cents', 'difference',
        'gross_revenue_cents', 'refunded_cents', 1),
    ('analytics_revenue', 'average_order_value_cents', 'average',
        'gross_revenue_cents', 'paid_orders', 1),
    ('analytics_funnel_revenue', 'gross_revenue_cents', 'money', NULL, NULL, 1),
    ('analytics_funnel_revenue', 'refunded_cents', 'money', NULL, NULL, 1),
    ('analytics_funnel_revenue', 'net_revenue_cents', 'difference',
        'gross_revenue_cents', 'refunded_cents', 1),
    ('analytics_funnel_revenue', 'orders', 'per_currency', NULL, NULL, 1),
    ('analytics_funnel_revenue', 'refunded_orders', 'counter', NULL, NULL, 1),
    ('analytics_funnel_revenue', 'units', 'counter', NULL, NULL, 1),
    ('analytics_funnel_revenue', 'by_source', 'breakdown',
        'orders', 'revenue_cents,refunded_cents', 1),
    ('analytics_funnel_revenue', 'by_step', 'breakdown',
        'orders', 'revenue_cents,refunded_cents', 1),
    ('analytics_funnel_revenue', 'products', 'named_breakdown',
        'units', 'revenue_cents,refunded_cents', 1)
) AS field(collection, field, kind, part, whole, since)
UNION ALL
SELECT 'order_state', unnest([
    'order_id', 'home', 'payment', 'community_id', 'promotion_id', 'refunded_cents', 'refunds',
    'waiting_refunds', 'waiting_excess_cents', 'event_ids'
]), 'state', NULL, NULL, 1
UNION ALL
SELECT 'order_state', unnest(['source', 'funnel_settled', 'funnel', 'booked_refunds']),
    'state', NULL, NULL, 2;

-- An order's events are in the order of the log; `n` numbers them. If partitions were added, events
-- written before that (of a lower epoch) come first.
CREATE TABLE events AS
SELECT *, row_number() OVER (PARTITION BY key_id ORDER BY epoch, "offset", partition) AS n
FROM events_of('order_id');

CREATE MACRO lines_of(data) AS
    CAST(if(json_type(data, 'items') = 'ARRAY', data -> 'items', '[]') AS JSON[]);

CREATE VIEW unreadable AS
SELECT topic_id, partition, "offset", reason FROM events WHERE reason IS NOT NULL
UNION ALL
SELECT topic_id, partition, "offset", 'an amount is not a whole number, or has no currency'
FROM events
WHERE CASE event_type
    WHEN 'order.payment_succeeded' THEN
        json_type(data, 'amount_cents') IS DISTINCT FROM 'UBIGINT'
        OR json_type(data, 'currency') IS DISTINCT FROM 'VARCHAR'
    WHEN 'order.refunded' THEN json_type(data, 'refund_cents') IS DISTINCT FROM 'UBIGINT'
    WHEN 'order.cancelled' THEN coalesce(json_type(data, 'refund_cents'), 'UBIGINT') <> 'UBIGINT'
    WHEN 'order.created' THEN
        coalesce(json_type(data, 'items'), 'ARRAY') <> 'ARRAY'
        OR len(list_filter(
            lines_of(data),
            lambda line: json_type(line, 'product_id') IS DISTINCT FROM 'VARCHAR'
                OR json_type(line, 'quantity') IS DISTINCT FROM 'UBIGINT'
                OR json_type(line, 'price_cents') IS DISTINCT FROM 'UBIGINT'
        )) > 0
    ELSE false
END;

-- Beyond the duplicate window, an order still knows the ids of its last 32 counted events. Only
-- orders in which an id recurs are walked through, event by event.
CREATE TABLE repeats AS
WITH RECURSIVE walk AS (
    SELECT DISTINCT key_id, 0 AS n, false AS is_repeat, CAST([] AS UUID[]) AS last_ids
    FROM (SELECT key_id FROM events WHERE NOT duplicate GROUP BY key_id, id HAVING count(*) > 1)
    UNION ALL
    SELECT
        key_id, events.n,
        list_contains(last_ids, id),
        CASE
            WHEN duplicate OR list_contains(last_ids, id) THEN last_ids
            ELSE list_append(last_ids, id)[-32:]
        END
    FROM walk JOIN events USING (key_id)
    WHERE events.n = walk.n + 1
)
SELECT key_id, n FROM walk WHERE is_repeat;

CREATE TABLE counted AS
SELECT * EXCLUDE (duplicate) FROM events ANTI JOIN repeats USING (key_id, n) WHERE NOT duplicate;

-- The first payment of an order counts; later ones never replace it.
CREATE TABLE payments AS
SELECT
    key_id, n, day, hour, topic_id, partition, "offset",
    json_extract_string(data, 'currency') AS currency,
    try_cast(json_extract_string(data, 'amount_cents') AS BIGINT) AS cents
FROM counted
WHERE event_type = 'order.payment_succeeded'
QUALIFY row_number() OVER (PARTITION BY key_id ORDER BY n) = 1;

-- Refunds of 0 are ignored. A refund before the payment waits for it, and its effect is attributed
-- to the payment. `beyond`: the waiting list was full, so the refund becomes excess at the payment.
CREATE TABLE refunds AS
SELECT
    counted.key_id, counted.n, counted.day, counted.hour,
    try_cast(json_extract_string(data, 'refund_cents') AS BIGINT) AS cents,
    payments.n AS paid_n, payments.cents AS paid_cents, currency,
    paid_n IS NULL OR counted.n < paid_n AS is_early,
    is_early AND row_number() OVER (PARTITION BY counted.key_id ORDER BY counted.n)
        > (SELECT order_waiting_max FROM settings) AS beyond,
    greatest(counted.n, paid_n) AS booked_n,
    if(is_early, payments.topic_id, counted.topic_id) AS topic_id,
    if(is_early, payments.partition, counted.partition) AS partition,
    if(is_early, payments."offset", counted."offset") AS "offset"
FROM counted LEFT JOIN payments USING (key_id)
WHERE counted.event_type IN ('order.refunded', 'order.cancelled')
    AND try_cast(json_extract_string(data, 'refund_cents') AS BIGINT) > 0;

-- Together they are booked up to the amount paid (`taken`); the rest is excess.
CREATE TABLE booked_refunds AS
SELECT
    *,
    coalesce(sum(cents) OVER earlier, 0) AS asked_before,
    CAST(greatest(least(cents, paid_cents - asked_before), 0) AS BIGINT) AS taken
FROM refunds
WHERE paid_n IS NOT NULL AND NOT beyond
WINDOW earlier AS (
    PARTITION BY key_id ORDER BY n ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
);

-- The owner of an order from event `n` on; an attribution without an owner keeps the previous one.
CREATE TABLE owners AS
SELECT *, lag(owner) OVER (PARTITION BY key_id, split ORDER BY n) AS previous
FROM (
    SELECT
        key_id, n, topic_id, partition, "offset",
        unnest(['community', 'promotion', 'source']) AS split,
        unnest([
            json_extract_string(data, 'community_id'), json_extract_string(data, 'promotion_id'),
            nullif(json_extract_string(data, 'source'), '')
        ]) AS owner
    FROM counted
    WHERE event_type = 'order.attribution_recorded'
)
WHERE owner IS NOT NULL;

-- The money that is split among owners: on the payment's day, and on each refund's own day.
CREATE TABLE bookings AS
SELECT key_id, n, 'revenue' AS what, day, currency, cents, topic_id, partition, "offset"
FROM payments
UNION ALL
SELECT key_id, booked_n, 'refunded', day, currency, taken, topic_id, partition, "offset"
FROM booked_refunds
WHERE taken > 0;

-- A booking counts for the owner at that time. A later attribution that changes the owner moves
-- everything booked so far, on its own days, and is the event that the move is attributed to.
CREATE VIEW shares AS
WITH divided AS (SELECT *, unnest(['community', 'promotion']) AS split FROM bookings),
moved AS (
    SELECT
        d.* EXCLUDE (n, topic_id, partition, "offset"),
        owner, previous, o.topic_id, o.partition, o."offset"
    FROM divided AS d JOIN owners AS o
        ON d.key_id = o.key_id AND d.split = o.split AND d.n < o.n
    WHERE owner IS DISTINCT FROM previous
)
SELECT what, d.split, day, currency, owner, cents, d.topic_id, d.partition, d."offset"
FROM divided AS d ASOF LEFT JOIN owners AS o
    ON d.key_id = o.key_id AND d.split = o.split AND d.n > o.n
UNION ALL
SELECT what, split, day, currency, previous, -cents, topic_id, partition, "offset" FROM moved
UNION ALL
SELECT what, split, day, currency, owner, cents, topic_id, partition, "offset" FROM moved;

-- The paths of an amount: the day and the hour. Money goes to its currency instead of the day,
-- whose money is derived from the currencies.
CREATE MACRO count_paths(field, hour) AS [field, 'hours.' || hour || '.' || field];
CREATE MACRO money_paths(field, currency, hour) AS
    ['currencies.' || currency || '.' || field, 'hours.' || hour || '.' || field];

CREATE VIEW effects_of_revenue AS
SELECT 'analytics_revenue' AS collection, day AS document, effect.* EXCLUDE (day)
FROM (
    SELECT
        day, unnest(money_paths('gross_revenue_cents', currency, hour)) AS path,
        topic_id, partition, "offset", cents AS amount
    FROM payments
    UNION ALL
    SELECT
        day,
        unnest(count_paths('paid_orders', hour) || ['currencies.' || currency || '.paid_orders']),
        topic_id, partition, "offset", 1
    FROM payments
    UNION ALL
    SELECT
        c.day, unnest(count_paths('duplicate_payments', c.hour)),
        c.topic_id, c.partition, c."offset", 1
    FROM counted AS c JOIN payments AS p USING (key_id)
    WHERE event_type = 'order.payment_succeeded' AND c.n > p.n
    UNION ALL
    SELECT
        day, unnest(money_paths('refunded_cents', currency, hour)),
        topic_id, partition, "offset", taken
    FROM booked_refunds
    WHERE taken > 0
    UNION ALL
    -- An order counts as refunded once, when the first of its refunds is booked.
    SELECT
        day, unnest(count_paths('refunded_orders', hour)), topic_id, partition, "offset", 1
    FROM booked_refunds
    WHERE taken > 0
    QUALIFY row_number() OVER (PARTITION BY key_id ORDER BY n) = 1
    UNION ALL
    SELECT
        day, unnest(money_paths('refund_excess_cents', currency, hour)),
        topic_id, partition, "offset", cents - taken
    FROM booked_refunds
    WHERE taken < cents
    UNION ALL
    -- Refunds that found the waiting list full count on the payment's day; theirs was not kept.
    SELECT
        p.day, unnest(money_paths('refund_excess_cents', p.currency, p.hour)),
        p.topic_id, p.partition, p."offset", r.cents
    FROM refunds AS r JOIN payments AS p USING (key_id)
    WHERE beyond
    UNION ALL
    SELECT
        day,
        'currencies.' || currency || '.' || what || '_by_' || split || '.'
            || coalesce(map_key(owner), 'unattributed'),
        topic_id, partition, "offset", cents
    FROM shares
) AS effect;
