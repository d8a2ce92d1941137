-- The events of orders that revenue is counted from. An order's payments, refunds and attribution may
-- come in any order, so its whole history is replayed from the start of the log. The rules are in
-- revenue/.

-- The fields of the documents. `since` is the model version that added the field. Money is kept per
-- currency, and so are counters of kind 'per_currency'.
CREATE TABLE fields AS
FROM (VALUES
    ('analytics_revenue', 'gross_revenue_cents', 'money', NULL, NULL, 2),
    ('analytics_revenue', 'refunded_cents', 'money', NULL, NULL, 2),
    ('analytics_revenue', 'refund_excess_cents', 'money', NULL, NULL, 2),
    ('analytics_revenue', 'refund_reversed_cents', 'money', NULL, NULL, 2),
    ('analytics_revenue', 'paid_orders', 'per_currency', NULL, NULL, 1),
    ('analytics_revenue', 'refunded_orders', 'counter', NULL, NULL, 1),
    ('analytics_revenue', 'duplicate_payments', 'counter', NULL, NULL, 2),
    ('analytics_revenue', 'duplicate_payment_cents', 'money', NULL, NULL, 2),
    ('analytics_revenue', 'revenue_by_community', 'money_map', NULL, NULL, 2),
    ('analytics_revenue', 'revenue_by_promotion', 'money_map', NULL, NULL, 2),
    ('analytics_revenue', 'refunded_by_community', 'money_map', NULL, NULL, 2),
    ('analytics_revenue', 'refunded_by_promotion', 'money_map', NULL, NULL, 2),
    ('analytics_revenue', 'net_revenue_cents', 'difference',
        'gross_revenue_cents', 'refunded_cents', 2),
    ('analytics_revenue', 'average_order_value_cents', 'average',
        'gross_revenue_cents', 'paid_orders', 2),
    ('analytics_funnel_revenue', 'gross_revenue_cents', 'money', NULL, NULL, 2),
    ('analytics_funnel_revenue', 'refunded_cents', 'money', NULL, NULL, 2),
    ('analytics_funnel_revenue', 'net_revenue_cents', 'difference',
        'gross_revenue_cents', 'refunded_cents', 2),
    ('analytics_funnel_revenue', 'orders', 'per_currency', NULL, NULL, 1),
    ('analytics_funnel_revenue', 'refunded_orders', 'counter', NULL, NULL, 1),
    ('analytics_funnel_revenue', 'units', 'counter', NULL, NULL, 1),
    ('analytics_funnel_revenue', 'by_source', 'breakdown',
        'orders', 'revenue_cents,refunded_cents', 2),
    ('analytics_funnel_revenue', 'by_step', 'breakdown',
        'orders', 'revenue_cents,refunded_cents', 2),
    ('analytics_funnel_revenue', 'products', 'named_breakdown',
        'units', 'revenue_cents,refunded_cents', 2),
    ('analytics_event_revenue', 'gross_revenue_cents', 'money', NULL, NULL, 1),
    ('analytics_event_revenue', 'refunded_cents', 'money', NULL, NULL, 1),
    ('analytics_event_revenue', 'net_revenue_cents', 'difference',
        'gross_revenue_cents', 'refunded_cents', 1),
    ('analytics_event_revenue', 'orders', 'per_currency', NULL, NULL, 1),
    ('analytics_event_revenue', 'tickets_sold', 'counter', NULL, NULL, 1),
    ('analytics_event_revenue', 'tickets_returned', 'counter', NULL, NULL, 1)
) AS field(collection, field, kind, part, whole, since)
UNION ALL
SELECT 'order_state', unnest([
    'order_id', 'home', 'payment', 'community_id', 'promotion_id', 'refunded_cents', 'refunds',
    'waiting_refunds', 'waiting_excess_cents', 'event_ids'
]), 'state', NULL, NULL, 1
UNION ALL
SELECT 'order_state', unnest(['source', 'funnel_settled', 'funnel', 'booked_refunds']),
    'state', NULL, NULL, 2
UNION ALL
SELECT 'order_state', unnest([
    'total', 'later_payments', 'waiting_reversals', 'refunds_asked', 'reversals_asked'
]), 'state', NULL, NULL, 3
UNION ALL
SELECT 'order_state', unnest(['tickets', 'cancelled']), 'state', NULL, NULL, 4
UNION ALL
SELECT 'order_state', unnest(['created_ms', 'visitor_id']), 'state', NULL, NULL, 5
UNION ALL
SELECT 'orders', unnest([
    'organization_id', 'order_id', 'funnel_id', 'visitor_id', 'visitor', 'ticketed_event_ids',
    'created_at', 'currency', 'paid_cents', 'refunded_cents'
]), 'state', NULL, NULL, 1;

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
        OR coalesce(json_type(data, 'installment'), 'BOOLEAN') <> 'BOOLEAN'
    WHEN 'order.refund_failed' THEN json_type(data, 'refund_cents') IS DISTINCT FROM 'UBIGINT'
    WHEN 'order.dispute_won' THEN json_type(data, 'refund_cents') IS DISTINCT FROM 'UBIGINT'
    WHEN 'order.refunded' THEN json_type(data, 'refund_cents') IS DISTINCT FROM 'UBIGINT'
    WHEN 'order.cancelled' THEN coalesce(json_type(data, 'refund_cents'), 'UBIGINT') <> 'UBIGINT'
    WHEN 'order.created' THEN
        coalesce(json_type(data, 'total_cents'), 'UBIGINT') <> 'UBIGINT'
        OR coalesce(json_type(data, 'items'), 'ARRAY') <> 'ARRAY'
        OR len(list_filter(
            lines_of(data),
            lambda line: json_type(line, 'product_id') IS DISTINCT FROM 'VARCHAR'
                OR json_type(line, 'quantity') IS DISTINCT FROM 'UBIGINT'
                OR json_type(line, 'price_cents') IS DISTINCT FROM 'UBIGINT'
        )) > 0
    ELSE false
END;

CREATE TABLE repeats AS SELECT history AS key_id, n FROM repeats_in('events', key_id);

CREATE TABLE counted AS
SELECT * EXCLUDE (duplicate) FROM events ANTI JOIN repeats USING (key_id, n) WHERE NOT duplicate;

-- Where the message of an order's event `n` is: effects are attributed to it.
CREATE VIEW places AS SELECT key_id, n, topic_id, partition, "offset" FROM counted;

CREATE MACRO cents_of(data, field) AS try_cast(json_extract_string(data, field) AS BIGINT);
