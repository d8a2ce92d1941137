-- orders: a row for each order that names a funnel or a ticketed event, by the last message that the
-- row has counted: `reach` for all of them, `cuts` for rows that are further.
CREATE TABLE row_changes AS
SELECT key_id, document, e.n, e.topic_id, e.partition, e."offset"
FROM counted AS e JOIN creations AS c USING (key_id) JOIN order_keys USING (key_id)
WHERE e.n >= c.n
    AND event_type IN (
        'order.created', 'order.payment_succeeded', 'order.refunded', 'order.cancelled',
        'order.refund_failed', 'order.dispute_won'
    )
    AND key_id IN (SELECT key_id FROM of_funnels UNION SELECT key_id FROM tickets);

CREATE VIEW orders_messages AS
SELECT document, topic_id, partition, "offset", 0 AS epoch FROM row_changes;

CREATE VIEW orders AS
WITH seen AS (
    SELECT key_id, r.document, max(n) AS upto
    FROM row_changes AS r
    LEFT JOIN reach USING (topic_id, partition)
    LEFT JOIN cuts ON cuts.collection = 'orders' AND cuts.document = r.document
        AND cuts.topic_id = r.topic_id AND cuts.partition = r.partition
    WHERE "offset" <= greatest(reach.last, cuts.last)
    GROUP BY ALL
),
paid_by_then AS (
    SELECT
        key_id, any_value(currency) AS currency, CAST(sum(cents) AS BIGINT) AS paid_cents
    FROM payments JOIN seen USING (key_id)
    WHERE n <= upto
    GROUP BY key_id
),
refunded_by_then AS (
    SELECT key_id, CAST(sum(cents) AS BIGINT) AS refunded_cents
    FROM booked_refunds JOIN seen USING (key_id)
    WHERE n <= upto
    GROUP BY key_id
),
of_events AS (
    SELECT key_id, list(event_id ORDER BY event_id) AS ticketed_event_ids
    FROM tickets
    WHERE event_id IS NOT NULL
    GROUP BY key_id
)
SELECT
    document, 0 AS nth,
    CAST(json_object(
        'organization_id', organization_id,
        'order_id', key_id,
        'funnel_id', funnel_id,
        'visitor_id', visitor_id,
        'visitor',
            encoded(organization_id) || ':' || encoded(visitor_id) || ':' || encoded(funnel_id),
        'ticketed_event_ids', coalesce(ticketed_event_ids, []),
        'created_at', created_ms,
        'currency', currency,
        'paid_cents', coalesce(paid_cents, 0),
        'refunded_cents', coalesce(refunded_cents, 0)
    ) AS VARCHAR) AS state
FROM seen
JOIN creations USING (key_id)
LEFT JOIN paid_by_then USING (key_id)
LEFT JOIN refunded_by_then USING (key_id)
LEFT JOIN of_events USING (key_id);
