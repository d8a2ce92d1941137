-- Which payments of an order count, and from which event on.

-- The first order.created says what the order costs, and names its funnel.
CREATE TABLE created AS
SELECT * FROM counted
WHERE event_type = 'order.created'
QUALIFY row_number() OVER (PARTITION BY key_id ORDER BY n) = 1;

CREATE TABLE received AS
SELECT
    key_id, n, day, hour, topic_id, partition, "offset",
    json_extract_string(data, 'currency') AS currency,
    cents_of(data, 'amount_cents') AS cents,
    coalesce(json_extract_string(data, 'installment') = 'true', false) AS is_installment,
    first_value(currency) OVER (PARTITION BY key_id ORDER BY n) AS first_currency
FROM counted
WHERE event_type = 'order.payment_succeeded';

-- Only payments in the currency of the first one, and of those the first 101.
CREATE TABLE judged AS
SELECT
    r.*, o.n AS created_n, total_cents,
    row_number() OVER (PARTITION BY r.key_id ORDER BY r.n) AS nth
FROM received AS r
LEFT JOIN (
    SELECT
        key_id, n, json_extract_string(data, 'currency') AS currency,
        cents_of(data, 'total_cents') AS total_cents
    FROM created
) AS o ON r.key_id = o.key_id AND r.currency = o.currency
WHERE r.currency = first_currency
QUALIFY nth <= 101;

-- The first payment counts, for ever. A later one counts if it is an installment, or if the order's
-- total has room for it and all that count before it.
CREATE TABLE paid AS
WITH RECURSIVE walk AS (
    SELECT key_id, n, nth, n AS counted_n, CAST(cents AS HUGEINT) AS sum_cents
    FROM judged
    WHERE nth = 1
    UNION ALL
    SELECT
        key_id, n, nth,
        CASE WHEN is_installment THEN n WHEN fits THEN greatest(n, created_n) END,
        sum_cents + if(is_installment OR fits, cents, 0)
    FROM (
        SELECT j.*, w.sum_cents, coalesce(w.sum_cents + j.cents <= total_cents, false) AS fits
        FROM walk AS w JOIN judged AS j ON w.key_id = j.key_id AND j.nth = w.nth + 1
    )
)
SELECT key_id, n, nth, counted_n FROM walk;

-- The payments that count. `n` is the event from which on it does, `paid_n` its own.
CREATE TABLE payments AS
SELECT
    key_id, counted_n AS n, paid.n AS paid_n, nth = 1 AS is_first, day, hour, currency, cents,
    p.topic_id, p.partition, p."offset"
FROM paid
JOIN (SELECT key_id, n, day, hour, currency, cents FROM received) AS r USING (key_id, n)
JOIN (SELECT key_id, n AS counted_n, topic_id, partition, "offset" FROM places) AS p
    USING (key_id, counted_n);

CREATE VIEW first_payments AS FROM payments WHERE is_first;

-- Every other payment is a duplicate, on its own day, until it counts after all.
CREATE VIEW duplicate_payments AS
SELECT r.day, r.hour, r.currency, 1 AS times, r.cents, r.topic_id, r.partition, r."offset"
FROM received AS r LEFT JOIN payments AS p ON r.key_id = p.key_id AND r.n = p.paid_n
WHERE p.n IS DISTINCT FROM r.n
UNION ALL
SELECT day, hour, currency, -1, -cents, topic_id, partition, "offset"
FROM payments
WHERE n > paid_n;
