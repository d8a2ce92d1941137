-- How far orders get, by day: each event adds one to one counter.

-- The fields of analytics_order_funnel. `since` is the model version that added the field.
CREATE TABLE fields AS
FROM (VALUES
    ('analytics_order_funnel', 'orders_created', 'counter', NULL, NULL, 1),
    ('analytics_order_funnel', 'payments_initiated', 'counter', NULL, NULL, 1),
    ('analytics_order_funnel', 'payments_succeeded', 'counter', NULL, NULL, 1),
    ('analytics_order_funnel', 'payments_failed', 'counter', NULL, NULL, 1),
    ('analytics_order_funnel', 'orders_confirmed', 'counter', NULL, NULL, 1),
    ('analytics_order_funnel', 'orders_shipped', 'counter', NULL, NULL, 1),
    ('analytics_order_funnel', 'orders_delivered', 'counter', NULL, NULL, 1),
    ('analytics_order_funnel', 'orders_cancelled', 'counter', NULL, NULL, 1),
    ('analytics_order_funnel', 'payment_success_rate', 'rate',
        'payments_succeeded', 'payments_initiated', 1),
    ('analytics_order_funnel', 'confirmation_rate', 'rate',
        'orders_confirmed', 'orders_created', 1),
    ('analytics_order_funnel', 'completion_rate', 'rate',
        'orders_delivered', 'orders_confirmed', 1)
) AS field(collection, field, kind, part, whole, since);

-- Every type of the order topic enters the duplicate window, counted or not.
CREATE TABLE events AS
FROM events_of('order_id');

CREATE VIEW unreadable AS
SELECT topic_id, partition, "offset", reason FROM events WHERE reason IS NOT NULL;

-- An event adds one to the counter of its type, in its day and hour.
CREATE VIEW effects AS
WITH counted AS (
    SELECT
        topic_id, partition, "offset", day, hour,
        CASE event_type
            WHEN 'order.created' THEN 'orders_created'
            WHEN 'order.payment_initiated' THEN 'payments_initiated'
            WHEN 'order.payment_succeeded' THEN 'payments_succeeded'
            WHEN 'order.payment_failed' THEN 'payments_failed'
            WHEN 'order.confirmed' THEN 'orders_confirmed'
            WHEN 'order.shipped' THEN 'orders_shipped'
            WHEN 'order.delivered' THEN 'orders_delivered'
            WHEN 'order.cancelled' THEN 'orders_cancelled'
        END AS field
    FROM events
    WHERE NOT duplicate
)
SELECT
    'analytics_order_funnel' AS collection,
    day AS document,
    unnest([field, 'hours.' || hour || '.' || field]) AS path,
    topic_id, partition, "offset",
    1 AS amount
FROM counted
WHERE field IS NOT NULL;
