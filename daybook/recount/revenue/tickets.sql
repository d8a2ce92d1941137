-- Daily sums of the orders of a ticketed event.

INSERT INTO measured VALUES ('analytics_event_revenue', ['organization_id', 'event_id']);

CREATE TABLE cancellations AS
SELECT key_id, n, day, hour, topic_id, partition, "offset"
FROM counted
WHERE event_type = 'order.cancelled'
QUALIFY row_number() OVER (PARTITION BY key_id ORDER BY n) = 1;

-- The payments with which orders and their tickets count.
CREATE VIEW ticket_sales AS
FROM pieces WHERE is_first AND what = 'revenue_cents' AND key_id IN (SELECT key_id FROM tickets);

-- When the tickets of an order are taken back, all at once, and given back: they are back while the
-- order is cancelled, or refunds leave nothing of what was paid. A cancellation counts right after
-- the sale, before the refunds of the same moment.
CREATE TABLE returns AS
WITH steps AS (
    SELECT
        key_id, n, if(what = 'revenue_cents', 1, 3) AS turn, nth, day, hour,
        topic_id, partition, "offset",
        if(what = 'revenue_cents', cents, 0) AS paid, if(what = 'refunded_cents', cents, 0) AS refunded,
        false AS is_cancelled
    FROM pieces SEMI JOIN tickets USING (key_id)
    WHERE NOT is_paired
    UNION ALL
    SELECT
        c.key_id, greatest(c.n, s.n), 2, 0, c.day, c.hour,
        if(c.n > s.n, c.topic_id, s.topic_id), if(c.n > s.n, c.partition, s.partition),
        if(c.n > s.n, c."offset", s."offset"), 0, 0, true
    FROM cancellations AS c JOIN ticket_sales AS s USING (key_id)
),
standing AS (
    SELECT
        *,
        bool_or(is_cancelled) OVER upto
            OR (sum(paid) OVER upto > 0 AND sum(refunded) OVER upto >= sum(paid) OVER upto)
            AS is_back
    FROM steps
    WINDOW upto AS (PARTITION BY key_id ORDER BY n, turn, nth)
)
SELECT
    * EXCLUDE (paid, refunded, is_cancelled),
    row_number() OVER (PARTITION BY key_id ORDER BY n, turn, nth) AS place
FROM standing
QUALIFY is_back <> lag(is_back, 1, false) OVER (PARTITION BY key_id ORDER BY n, turn, nth);

CREATE MACRO event_document(organization_id, event_id, day) AS
    encoded(organization_id) || ':' || encoded(event_id) || ':' || day;

CREATE VIEW of_events AS
SELECT key_id, c.organization_id, t.event_id, units
FROM tickets AS t JOIN creations AS c USING (key_id)
WHERE t.event_id IS NOT NULL;

CREATE VIEW effects AS
FROM effects_of_revenue
UNION ALL
FROM effects_of_funnels
UNION ALL
SELECT 'analytics_event_revenue' AS collection, effect.*
FROM (
    SELECT
        event_document(organization_id, event_id, day) AS document,
        unnest(money_paths(
            if(p.what = 'revenue_cents', 'gross_revenue_cents', p.what), currency, hour
        )) AS path,
        topic_id, partition, "offset", s.cents AS amount
    FROM pieces AS p
    JOIN (FROM shares_of_parts WHERE split = 'event') AS s USING (key_id, nth)
    JOIN of_events AS o ON o.key_id = p.key_id AND o.event_id = s.name
    UNION ALL
    SELECT
        event_document(organization_id, event_id, day),
        unnest(count_paths('orders', hour) || ['currencies.' || currency || '.orders']),
        topic_id, partition, "offset", 1
    FROM ticket_sales JOIN of_events USING (key_id)
    UNION ALL
    SELECT
        event_document(organization_id, event_id, day), unnest(count_paths('tickets_sold', hour)),
        topic_id, partition, "offset", units
    FROM ticket_sales JOIN of_events USING (key_id)
    UNION ALL
    SELECT
        event_document(organization_id, event_id, day),
        unnest(count_paths('tickets_returned', hour)),
        topic_id, partition, "offset", if(is_back, units, -units)
    FROM returns JOIN of_events USING (key_id)
) AS effect;
