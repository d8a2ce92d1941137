-- Which part of each refund is booked, by which event, and what reversals give back.
--
-- An order's refunds form a queue, and so do its reversals: everything asked for, cent by cent, in
-- the order of the log. Of the refunds, as much is booked as was paid and given back; of the
-- reversals, as much as was booked of the refunds.

-- Refunds of 0 are ignored. The first `order_waiting_max` may wait.
CREATE TABLE refunds AS
SELECT
    key_id, n, day, hour, cents_of(data, 'refund_cents') AS cents,
    row_number() OVER (PARTITION BY key_id ORDER BY n) AS nth,
    nth <= (SELECT order_waiting_max FROM settings) AS may_wait
FROM counted
WHERE event_type IN ('order.refunded', 'order.cancelled') AND cents_of(data, 'refund_cents') > 0;

CREATE TABLE reversals AS
SELECT
    key_id, n, day, hour, cents_of(data, 'refund_cents') AS cents,
    row_number() OVER (PARTITION BY key_id ORDER BY n) AS nth
FROM counted
WHERE event_type IN ('order.refund_failed', 'order.dispute_won')
    AND cents_of(data, 'refund_cents') > 0
QUALIFY nth <= 1000;

-- How long the queues are after each event, and how much of each is booked. What a refund that may
-- not wait asks beyond what is covered when it comes does not enter the queue: `asked` is the
-- smallest of what it would be if each such refund had been the last one that was cut.
CREATE TABLE levels AS
WITH flows AS (
    SELECT key_id, n, sum(cents) AS paid, 0 AS patient, 0 AS impatient, 0 AS reversed
    FROM payments SEMI JOIN refunds USING (key_id)
    GROUP BY key_id, n
    UNION ALL
    SELECT key_id, n, 0, if(may_wait, cents, 0), if(may_wait, 0, cents), 0 FROM refunds
    UNION ALL
    SELECT key_id, n, 0, 0, 0, cents FROM reversals SEMI JOIN refunds USING (key_id)
),
sums AS (
    SELECT
        key_id, n, impatient > 0 AS is_impatient,
        sum(paid) OVER upto AS paid, sum(patient) OVER upto AS patient,
        sum(impatient) OVER upto AS impatient, sum(reversed) OVER upto AS to_reverse,
        if(sum(paid) OVER upto > 0, sum(paid) OVER upto + sum(reversed) OVER upto, 0) AS covered
    FROM flows
    WINDOW upto AS (PARTITION BY key_id ORDER BY n)
),
queues AS (
    SELECT
        *,
        impatient + least(
            patient,
            coalesce(
                min(greatest(covered, patient) - impatient) FILTER (is_impatient)
                    OVER (PARTITION BY key_id ORDER BY n),
                patient
            )
        ) AS asked,
        least(asked, covered) AS booked,
        least(to_reverse, booked) AS reversed
    FROM sums
)
SELECT
    key_id, n, asked, to_reverse, booked, reversed,
    lag(asked, 1, 0) OVER one AS asked_before, lag(to_reverse, 1, 0) OVER one AS to_reverse_before,
    lag(booked, 1, 0) OVER one AS booked_before, lag(reversed, 1, 0) OVER one AS reversed_before,
    -- A refund and a reversal that cover each other are booked by the same event.
    least(booked - booked_before, reversed - reversed_before) AS paired
FROM queues
WINDOW one AS (PARTITION BY key_id ORDER BY n);

-- The queues' items, and the places up to which each event books: first what is paired.
CREATE TABLE items AS
SELECT 'refund' AS what, key_id, n, day, hour, asked AS upto
FROM refunds JOIN levels USING (key_id, n)
WHERE asked > asked_before
UNION ALL
SELECT 'reversal', key_id, n, day, hour, to_reverse
FROM reversals JOIN levels USING (key_id, n);

CREATE TABLE ends AS
SELECT 'refund' AS what, key_id, n, true AS is_paired, booked_before + paired AS upto
FROM levels WHERE paired > 0
UNION ALL
SELECT 'refund', key_id, n, false, booked FROM levels WHERE booked > booked_before + paired
UNION ALL
SELECT 'reversal', key_id, n, true, reversed_before + paired FROM levels WHERE paired > 0
UNION ALL
SELECT 'reversal', key_id, n, false, reversed FROM levels
WHERE reversed > reversed_before + paired;

-- The parts that are booked, reversals below zero, in order; `n` is the event that books it, and
-- `item_n` that of the refund or reversal, on whose day it counts.
CREATE TABLE booked_refunds AS
WITH cuts AS (
    SELECT what, key_id, upto, lag(upto, 1, 0) OVER (PARTITION BY what, key_id ORDER BY upto) AS since
    FROM (SELECT what, key_id, upto FROM items UNION SELECT what, key_id, upto FROM ends)
),
parts AS (
    SELECT
        c.what, c.key_id, e.n, i.n AS item_n, i.day, i.hour, is_paired,
        CAST(if(c.what = 'refund', c.upto - since, since - c.upto) AS BIGINT) AS cents
    FROM cuts AS c
    ASOF JOIN items AS i ON c.what = i.what AND c.key_id = i.key_id AND c.upto <= i.upto
    ASOF JOIN ends AS e ON c.what = e.what AND c.key_id = e.key_id AND c.upto <= e.upto
)
SELECT
    b.*, currency, topic_id, partition, "offset",
    row_number() OVER (PARTITION BY key_id ORDER BY n, is_paired DESC, what, item_n) AS nth
FROM parts AS b
JOIN (SELECT key_id, currency FROM first_payments) USING (key_id)
JOIN places USING (key_id, n);

-- Each refund with what of it is in the queue, and what is excess for good.
CREATE TABLE queued_refunds AS
SELECT
    r.*, CAST(asked - asked_before AS BIGINT) AS queued_cents, cents - queued_cents AS beyond_cents
FROM refunds AS r JOIN levels USING (key_id, n);

-- Once an order is paid, what is not booked of its refunds is excess, on their own days, until it
-- is. What could not wait for the first payment counts on the payment's day; its own was not kept.
CREATE TABLE excess AS
WITH after_payment AS (
    SELECT r.*, p.n AS paid_n, greatest(r.n, p.n) AS known_n, p.day AS paid_day, p.hour AS paid_hour
    FROM queued_refunds AS r JOIN first_payments AS p USING (key_id)
),
booked AS (
    SELECT r.key_id, r.n, r.day, r.hour, known_n, b.n AS booked_n, b.cents
    FROM after_payment AS r JOIN booked_refunds AS b ON r.key_id = b.key_id AND r.n = b.item_n
    WHERE what = 'refund'
),
amounts AS (
    SELECT key_id, known_n AS n, day, hour, queued_cents - coalesce(at_once, 0) AS cents
    FROM after_payment LEFT JOIN (
        SELECT key_id, n, sum(cents) AS at_once FROM booked
        WHERE booked_n = known_n
        GROUP BY key_id, n
    ) USING (key_id, n)
    UNION ALL
    SELECT key_id, booked_n, day, hour, -cents FROM booked WHERE booked_n > known_n
    UNION ALL
    SELECT
        key_id, known_n, if(n < paid_n, paid_day, day), if(n < paid_n, paid_hour, hour), beyond_cents
    FROM after_payment
)
SELECT day, hour, currency, CAST(cents AS BIGINT) AS cents, topic_id, partition, "offset"
FROM amounts
JOIN (SELECT key_id, currency FROM first_payments) USING (key_id)
JOIN places USING (key_id, n)
WHERE cents <> 0;
