-- The state documents, each as of the last offset that it has counted: `reach` for all of them,
-- `cuts` for documents that are further.
CREATE TABLE order_keys AS SELECT DISTINCT key_id, encoded(key_id) AS document FROM events WHERE key_id IS NOT NULL;

CREATE VIEW order_state_messages AS
SELECT document, topic_id, partition, "offset", epoch FROM events JOIN order_keys USING (key_id);

CREATE VIEW order_state AS
WITH own AS (
    SELECT key_id, topic_id, partition, last FROM order_keys JOIN cuts USING (document)
    WHERE collection = 'order_state'
),
seen AS (
    -- The home is the partition of the order's newest events. It changes only when partitions are
    -- added.
    SELECT
        e.key_id, max(n) AS upto,
        arg_max({'topic_id': e.topic_id, 'partition': e.partition, 'epoch': epoch}, n) AS home
    FROM events AS e
    LEFT JOIN reach AS r ON e.topic_id = r.topic_id AND e.partition = r.partition
    LEFT JOIN own
        ON e.key_id = own.key_id AND e.topic_id = own.topic_id AND e.partition = own.partition
    WHERE e."offset" <= greatest(r.last, own.last)
    GROUP BY e.key_id
),
first_paid AS (
    SELECT
        key_id, {'date': day, 'hour': hour, 'currency': currency, 'amount_cents': cents} AS payment
    FROM first_payments JOIN seen USING (key_id)
    WHERE n <= upto
),
paid_later AS (
    SELECT
        key_id,
        list({
            'date': day, 'hour': hour, 'cents': cents, 'counted': coalesce(counted_n <= upto, false)
        } ORDER BY n) AS payments
    FROM judged JOIN paid USING (key_id, n, nth) JOIN seen USING (key_id)
    WHERE n <= upto AND nth > 1
    GROUP BY key_id
),
priced AS (
    SELECT
        key_id,
        {
            'currency': json_extract_string(data, 'currency'),
            'amount_cents': cents_of(data, 'total_cents')
        } AS total
    FROM created JOIN seen USING (key_id)
    WHERE n <= upto
),
booked AS (
    SELECT key_id, sum(cents) AS refunded_cents, json_group_object(day, cents) AS refunds
    FROM (
        SELECT key_id, day, CAST(sum(cents) AS BIGINT) AS cents
        FROM booked_refunds JOIN seen USING (key_id)
        WHERE n <= upto
        GROUP BY key_id, day
    )
    GROUP BY key_id
),
-- What of each refund and reversal is booked by then, and what waits.
done AS (
    SELECT key_id, item_n AS n, abs(sum(cents)) AS cents
    FROM booked_refunds AS b JOIN seen USING (key_id)
    WHERE b.n <= upto
    GROUP BY key_id, item_n
),
refunds_by_then AS (
    SELECT
        key_id, n, day, hour, CAST(queued_cents - coalesce(done.cents, 0) AS BIGINT) AS cents,
        if(payment IS NULL, beyond_cents, 0) AS beyond_cents
    FROM queued_refunds JOIN seen USING (key_id)
    LEFT JOIN done USING (key_id, n) LEFT JOIN first_paid USING (key_id)
    WHERE n <= upto
),
waiting AS (
    SELECT
        key_id, count(*) AS asked,
        list({'date': day, 'hour': hour, 'cents': cents} ORDER BY n) FILTER (cents > 0) AS refunds,
        sum(beyond_cents) AS excess_cents
    FROM refunds_by_then
    GROUP BY key_id
),
reversals_by_then AS (
    SELECT key_id, n, day, hour, CAST(r.cents - coalesce(done.cents, 0) AS BIGINT) AS cents
    FROM reversals AS r JOIN seen USING (key_id) LEFT JOIN done USING (key_id, n)
    WHERE n <= upto
),
reversing AS (
    SELECT
        key_id, count(*) AS asked,
        list({'date': day, 'hour': hour, 'cents': cents} ORDER BY n) FILTER (cents > 0) AS reversals
    FROM reversals_by_then
    GROUP BY key_id
),
owned AS (
    SELECT
        key_id,
        arg_max(owner, n) FILTER (split = 'community') AS community_id,
        arg_max(owner, n) FILTER (split = 'promotion') AS promotion_id,
        arg_max(owner, n) FILTER (split = 'source') AS source
    FROM owners JOIN seen USING (key_id)
    WHERE n <= upto
    GROUP BY key_id
),
-- Orders whose funnel and events are known by then; the others keep their booked refunds.
settled AS (
    SELECT key_id
    FROM (SELECT key_id, n FROM creations UNION ALL FROM too_late) JOIN seen USING (key_id)
    WHERE n <= upto
    GROUP BY key_id
),
unsettled AS (
    SELECT
        key_id,
        list({
            'date': day, 'hour': hour, 'cents': cents, 'is_paired': is_paired
        } ORDER BY nth) AS refunds
    FROM booked_refunds JOIN seen USING (key_id) ANTI JOIN settled USING (key_id)
    WHERE n <= upto
    GROUP BY key_id
),
-- Each product's share of payment and refunds by then.
bought AS (
    SELECT
        p.key_id, p.product_id,
        coalesce(sum(part) FILTER (what = 'revenue_cents' AND n <= upto), 0) AS revenue_cents,
        coalesce(sum(part) FILTER (what = 'refunded_cents' AND n <= upto), 0) AS refunded_cents
    FROM products AS p JOIN seen USING (key_id)
    LEFT JOIN by_product AS b ON p.key_id = b.key_id AND p.product_id = b.product_id
    GROUP BY p.key_id, p.product_id
),
baskets AS (
    SELECT
        key_id,
        list({
            'product_id': product_id, 'name': name, 'units': units,
            'worth_cents': CAST(worth AS BIGINT),
            'revenue_cents': CAST(revenue_cents AS BIGINT),
            'refunded_cents': CAST(refunded_cents AS BIGINT)
        } ORDER BY product_id) AS products
    FROM products JOIN bought USING (key_id, product_id)
    GROUP BY key_id
),
funnels AS (
    SELECT
        key_id,
        {
            'organization_id': organization_id, 'funnel_id': funnel_id, 'step_id': step_id,
            'products': coalesce(products, [])
        } AS funnel
    FROM of_funnels JOIN seen USING (key_id) LEFT JOIN baskets USING (key_id)
    WHERE n <= upto
),
shares_of_events AS (
    SELECT
        key_id, name,
        coalesce(sum(s.cents) FILTER (s.what = 'revenue_cents'), 0) AS revenue_cents,
        coalesce(sum(s.cents) FILTER (s.what = 'refunded_cents'), 0) AS refunded_cents
    FROM shares_of_parts AS s JOIN pieces USING (key_id, nth) JOIN seen USING (key_id)
    WHERE split = 'event' AND n <= upto
    GROUP BY key_id, name
),
taken_back AS (
    SELECT key_id, arg_max(is_back, place) AS returned
    FROM returns JOIN seen USING (key_id)
    WHERE n <= upto
    GROUP BY key_id
),
ticketed AS (
    SELECT
        key_id,
        {
            'organization_id': any_value(organization_id),
            'returned': coalesce(any_value(returned), false),
            'parts': list({
                'event_id': t.event_id, 'units': units, 'worth_cents': CAST(worth AS BIGINT),
                'revenue_cents': CAST(coalesce(revenue_cents, 0) AS BIGINT),
                'refunded_cents': CAST(coalesce(refunded_cents, 0) AS BIGINT)
            } ORDER BY t.event_id NULLS LAST)
        } AS tickets
    FROM tickets AS t
    JOIN creations AS c USING (key_id)
    JOIN seen USING (key_id)
    LEFT JOIN taken_back USING (key_id)
    LEFT JOIN shares_of_events AS s
        ON t.key_id = s.key_id AND t.event_id IS NOT DISTINCT FROM s.name
    WHERE n <= upto
    GROUP BY key_id
),
given_up AS (
    SELECT key_id, {'date': day, 'hour': hour} AS cancelled
    FROM cancellations JOIN seen USING (key_id)
    WHERE n <= upto
),
created_by_then AS (
    SELECT key_id, created_ms, visitor_id FROM creations JOIN seen USING (key_id) WHERE n <= upto
),
remembered AS (
    SELECT key_id, list(replace(CAST(id AS VARCHAR), '-', '') ORDER BY n)[-32:] AS event_ids
    FROM counted JOIN seen USING (key_id)
    WHERE n <= upto
    GROUP BY key_id
)
SELECT
    document, 0 AS nth,
    CAST(json_object(
        'order_id', key_id,
        'home', home,
        'payment', payment,
        'community_id', community_id,
        'promotion_id', promotion_id,
        'refunded_cents', CAST(coalesce(booked.refunded_cents, 0) AS BIGINT),
        'refunds', coalesce(booked.refunds, '{}'),
        'waiting_refunds', coalesce(waiting.refunds, []),
        'waiting_excess_cents', CAST(coalesce(waiting.excess_cents, 0) AS BIGINT),
        'source', source,
        'funnel_settled', settled.key_id IS NOT NULL,
        'funnel', funnel,
        'booked_refunds', coalesce(unsettled.refunds, []),
        'total', total,
        'later_payments', coalesce(paid_later.payments, []),
        'waiting_reversals', coalesce(reversing.reversals, []),
        'refunds_asked', coalesce(waiting.asked, 0),
        'reversals_asked', coalesce(reversing.asked, 0),
        'tickets', tickets,
        'cancelled', cancelled,
        'created_ms', created_ms,
        'visitor_id', visitor_id,
        'event_ids', coalesce(event_ids, [])
    ) AS VARCHAR) AS state
FROM seen
JOIN order_keys USING (key_id)
LEFT JOIN first_paid USING (key_id)
LEFT JOIN paid_later USING (key_id)
LEFT JOIN priced USING (key_id)
LEFT JOIN booked USING (key_id)
LEFT JOIN waiting USING (key_id)
LEFT JOIN reversing USING (key_id)
LEFT JOIN owned USING (key_id)
LEFT JOIN settled USING (key_id)
LEFT JOIN unsettled USING (key_id)
LEFT JOIN funnels USING (key_id)
LEFT JOIN ticketed USING (key_id)
LEFT JOIN given_up USING (key_id)
LEFT JOIN created_by_then USING (key_id)
LEFT JOIN remembered USING (key_id);
