-- Daily sums of all orders, and the owners that they are split by.

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

-- The money that is split among owners: on each payment's day, and on each refund's own day.
CREATE TABLE bookings AS
SELECT key_id, n, 'revenue' AS what, day, currency, cents, topic_id, partition, "offset"
FROM payments
UNION ALL
SELECT key_id, n, 'refunded', day, currency, cents, topic_id, partition, "offset"
FROM booked_refunds;

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
    FROM first_payments
    UNION ALL
    SELECT
        day, unnest(count_paths('duplicate_payments', hour)),
        topic_id, partition, "offset", times
    FROM duplicate_payments
    UNION ALL
    SELECT
        day, unnest(money_paths('duplicate_payment_cents', currency, hour)),
        topic_id, partition, "offset", cents
    FROM duplicate_payments
    UNION ALL
    SELECT
        day, unnest(money_paths('refunded_cents', currency, hour)),
        topic_id, partition, "offset", cents
    FROM booked_refunds
    UNION ALL
    SELECT
        day, unnest(money_paths('refund_reversed_cents', currency, hour)),
        topic_id, partition, "offset", -cents
    FROM booked_refunds
    WHERE what = 'reversal'
    UNION ALL
    -- An order counts as refunded once, when the first of its refunds is booked.
    SELECT
        day, unnest(count_paths('refunded_orders', hour)), topic_id, partition, "offset", 1
    FROM booked_refunds
    WHERE nth = 1
    UNION ALL
    SELECT
        day, unnest(money_paths('refund_excess_cents', currency, hour)),
        topic_id, partition, "offset", cents
    FROM excess
    UNION ALL
    SELECT
        day,
        'currencies.' || currency || '.' || what || '_by_' || split || '.'
            || coalesce(map_key(owner), 'unattributed'),
        topic_id, partition, "offset", cents
    FROM shares
) AS effect;
