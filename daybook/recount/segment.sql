-- What each event says about people, before it is known whose visitors they are. Runs over the
-- messages of some keys; `reach` has, by partition, the offset below which messages count.

CREATE TABLE events AS
WITH read AS (
    SELECT 'u' AS letter, * FROM events_of('user_id') WHERE starts_with(event_type, 'user.')
    UNION ALL
    SELECT 'o', * FROM events_of('order_id') WHERE starts_with(event_type, 'order.')
    UNION ALL
    SELECT 'v', * FROM events_of('visitor_id', own_keys := MAP {
        'email_confirmed': 'o:order_id', 'email_failed': 'o:order_id',
        'barcode_scanned': 't:ticket_id'
    }) WHERE NOT contains(event_type, '.')
)
SELECT
    partition, "offset", appended_ms, event_type, data, duplicate, id, reason, letter,
    epoch_ms(utc) AS ms,
    encoded(organization_id) || ':' AS organization,
    organization || letter || ':' || encoded(key_id) AS key_id,
    -- A history is in the order of the log. If partitions were added, events written before that (of
    -- a lower epoch) come first.
    row_number() OVER (
        PARTITION BY organization_id, letter, key_id ORDER BY epoch, "offset", partition
    ) AS n
FROM read JOIN reach USING (partition)
WHERE "offset" < next;

CREATE VIEW unreadable AS
SELECT partition, "offset", reason FROM events WHERE reason IS NOT NULL;

CREATE TABLE repeats AS SELECT history AS key_id, n FROM repeats_in('events', key_id);

CREATE TABLE counted AS
SELECT * EXCLUDE (duplicate, id, reason)
FROM events ANTI JOIN repeats USING (key_id, n)
WHERE NOT duplicate AND reason IS NULL;

-- Visitors' events, without those of bots. `named` is the user whom the visitor's last event named.
CREATE TABLE tracked AS
WITH read AS (
    SELECT * EXCLUDE (data), unnest(json_transform(data, '{
        "user_id": "VARCHAR", "event_id": "VARCHAR", "funnel_id": "VARCHAR", "step_id": "VARCHAR",
        "asset_id": "VARCHAR", "name": "VARCHAR", "conversion_type": "VARCHAR",
        "context": {
            "device_type": "VARCHAR", "browser": "VARCHAR", "os": "VARCHAR", "channel": "VARCHAR",
            "source": "VARCHAR", "bot": ["VARCHAR"]
        }
    }'))
    FROM counted
    WHERE letter = 'v' AND event_type NOT IN ('email_confirmed', 'email_failed', 'barcode_scanned')
)
SELECT
    *,
    last_value(user_id IGNORE NULLS) OVER (
        PARTITION BY key_id ORDER BY n ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) AS named,
    organization || 'u:' || encoded(named) AS named_person
FROM read
WHERE coalesce(len(context.bot), 0) = 0;

-- The first user that a visitor's events named takes over what was the visitor's.
CREATE TABLE joins AS
SELECT
    key_id AS visitor,
    arg_min(named_person, n) AS person,
    arg_min(partition, n) AS partition,
    arg_min("offset", n) AS "offset"
FROM tracked
WHERE user_id IS NOT NULL
GROUP BY key_id;

CREATE TABLE users AS
SELECT *, organization || 'v:' || encoded(json_extract_string(data, 'visitor_id')) AS visitor,
    CASE event_type
        WHEN 'user.created' THEN 'opened'
        WHEN 'user.reactivated' THEN 'opened'
        WHEN 'user.deleted' THEN 'deleted'
        WHEN 'user.consent_given' THEN 'given'
        WHEN 'user.consent_withdrawn' THEN 'withdrawn'
    END AS change
FROM counted
WHERE letter = 'u';

CREATE TABLE order_events AS
SELECT
    *,
    CASE event_type
        WHEN 'order.refunded' THEN 1
        WHEN 'order.cancelled' THEN 1
        WHEN 'order.refund_failed' THEN -1
        WHEN 'order.dispute_won' THEN -1
    END AS sign,
    try_cast(json_extract_string(data, 'refund_cents') AS BIGINT) AS refund_cents,
    try_cast(json_extract_string(data, 'amount_cents') AS BIGINT) AS amount_cents,
    json_extract_string(data, 'currency') AS currency,
    CASE
        WHEN event_type <> 'order.created' THEN NULL
        WHEN json_extract_string(data, 'user_id') IS NOT NULL
            THEN organization || 'u:' || encoded(json_extract_string(data, 'user_id'))
        ELSE organization || 'v:' || encoded(json_extract_string(data, 'visitor_id'))
    END AS names_owner,
    list_sort(list_distinct(list_transform(
        list_filter(
            CAST(if(event_type = 'order.created', coalesce(data -> 'items', '[]'), '[]') AS JSON[]),
            lambda line: CAST(line ->> 'quantity' AS BIGINT) > 0
        ),
        lambda line: line ->> 'product_id'
    )))[:100] AS bought
FROM counted
WHERE letter = 'o';

-- What decides about an order: the first event that names its owner, the first payment, and the
-- first event with products.
CREATE TABLE order_turns AS
SELECT
    key_id,
    arg_min(names_owner, n) AS owner,
    min(n) FILTER (names_owner IS NOT NULL) AS owned_n,
    min(n) FILTER (event_type = 'order.payment_succeeded') AS paid_n,
    min(n) FILTER (len(bought) > 0) AS bought_n
FROM order_events
GROUP BY key_id;

-- Of each event of an order: whether it is of a type that conditions name and no repetition, and
-- what it takes from the order, which is below zero if something is paid later or given back.
CREATE TABLE order_steps AS
WITH taken AS (
    SELECT
        e.*, owner, owned_n, paid_n, bought_n,
        CASE event_type
            WHEN 'order.created' THEN owned_n IS NULL OR n <= owned_n
            WHEN 'order.payment_succeeded' THEN n = paid_n
            ELSE event_type IN ('order.payment_failed', 'order.cancelled', 'order.refunded')
        END AS counts,
        first_value(currency) OVER (
            PARTITION BY key_id ORDER BY n = paid_n DESC
        ) AS paid_currency,
        CASE
            WHEN sign IS NOT NULL THEN sign * refund_cents
            WHEN event_type = 'order.payment_succeeded' AND n > paid_n
                AND CAST(coalesce(data ->> 'installment', 'false') AS BOOLEAN)
                AND currency = paid_currency
                THEN -amount_cents
        END AS cents
    FROM order_events AS e JOIN order_turns USING (key_id)
)
SELECT
    *,
    sum(CAST(coalesce(cents, 0) <> 0 AS INTEGER)) OVER one AS refunds,
    sum(CAST(counts AS INTEGER)) OVER one AS counted
FROM taken
WINDOW one AS (PARTITION BY key_id ORDER BY n ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW);

-- Orders that were paid and have an owner. `version` is the offset of the last message that changed
-- it, or made it the owner's.
CREATE TABLE paid AS
SELECT
    owner AS person,
    any_value(key_id) AS key_id,
    any_value(ms) FILTER (n = paid_n) AS paid_ms,
    any_value(currency) FILTER (n = paid_n) AS currency,
    any_value(amount_cents) FILTER (n = paid_n) AS cents,
    coalesce(
        list([ms, cents] ORDER BY n) FILTER (coalesce(cents, 0) <> 0 AND refunds <= 1000), []
    ) AS refunds,
    coalesce(any_value(bought) FILTER (n = bought_n), []) AS products,
    max("offset") FILTER (
        n IN (owned_n, paid_n, bought_n) OR (coalesce(cents, 0) <> 0 AND refunds <= 1000)
    ) AS version,
    last(partition ORDER BY n) AS partition
FROM order_steps
WHERE owner IS NOT NULL AND paid_n IS NOT NULL
GROUP BY key_id, owner;

CREATE MACRO kind(event_type, field, value) AS
    if(value IS NULL, NULL, event_type || '|' || field || '=' || value);

-- Kinds of events, each with the person and the time.
CREATE TABLE did AS
WITH kinds AS (
    SELECT
        if(named IS NULL, key_id, named_person) AS person, ms, partition, "offset",
        [
            event_type,
            kind(event_type, 'funnel_id', funnel_id),
            if(
                event_type IN ('page_view', 'step_entry', 'step_exit', 'conversion'),
                kind(event_type, 'step_id', step_id), NULL
            ),
            if(
                event_type IN ('view', 'cart_add', 'checkout_start', 'purchase'),
                kind(event_type, 'event_id', event_id), NULL
            ),
            if(
                event_type IN (
                    'asset_viewed', 'asset_downloaded', 'license_clicked', 'engagement'
                ),
                kind(event_type, 'asset_id', asset_id), NULL
            ),
            if(event_type = 'custom', kind(event_type, 'name', name), NULL),
            if(
                event_type = 'conversion',
                kind(event_type, 'conversion_type', conversion_type), NULL
            )
        ] AS kinds
    FROM tracked
    UNION ALL
    SELECT
        owner, ms, partition, "offset",
        [
            event_type,
            -- Of what came before the owner was known, only the types.
            if(event_type = 'order.created', kind(event_type, 'event_id', data ->> 'event_id'), NULL),
            if(
                event_type = 'order.created', kind(event_type, 'funnel_id', data ->> 'funnel_id'),
                NULL
            ),
            if(event_type = 'order.created', kind(event_type, 'step_id', data ->> 'step_id'), NULL)
        ][:if(n < owned_n, 1, 4)]
    FROM order_steps
    WHERE owner IS NOT NULL AND counts AND (n >= owned_n OR counted <= 100)
    UNION ALL
    SELECT key_id, ms, partition, "offset", [event_type]
    FROM users
    WHERE event_type IN ('user.verified', 'user.login_succeeded', 'user.login_failed')
)
SELECT person, ms, partition, "offset", list_filter(kinds, lambda one: one IS NOT NULL) AS kinds
FROM kinds;

CREATE TABLE attributes AS
WITH named AS (
    SELECT
        if(named IS NULL, key_id, named_person) AS person, ms, partition, "offset",
        unnest(['device_type', 'browser', 'os', 'channel', 'visit_source']) AS name,
        unnest([
            context.device_type, context.browser, context.os, context.channel, context.source
        ]) AS value
    FROM tracked
    WHERE context IS NOT NULL
    UNION ALL
    SELECT
        key_id, ms, partition, "offset",
        unnest(['country', 'role', 'source', 'email_domain']),
        unnest([data ->> 'country', data ->> 'role', data ->> 'source', data ->> 'email_domain'])
    FROM users
    WHERE event_type = 'user.created'
    UNION ALL
    SELECT key_id, ms, partition, "offset", 'role', data ->> 'new_role'
    FROM users
    WHERE event_type = 'user.role_changed'
)
-- A visit's attribute that is empty says nothing; an account's does.
SELECT * FROM named
WHERE value IS NOT NULL
    AND (value <> '' OR name IN ('country', 'role', 'source', 'email_domain'));

-- Changes of consent and of accounts; with a visitor, they are the visitor's as well.
CREATE TABLE changes AS
SELECT key_id AS person, ms, partition, "offset", change AS what FROM users
WHERE change IS NOT NULL
UNION ALL
SELECT visitor, ms, partition, "offset", change FROM users
WHERE change IS NOT NULL AND event_type <> 'user.created' AND visitor IS NOT NULL;

-- Everybody whom a message concerns.
CREATE VIEW concerned AS
WITH found AS (
    SELECT person, partition, "offset" FROM did
    UNION ALL SELECT person, partition, "offset" FROM changes
    UNION ALL SELECT key_id, partition, "offset" FROM users
    UNION ALL SELECT visitor, partition, "offset" FROM joins
    UNION ALL SELECT person, partition, version FROM paid
)
SELECT found.*, appended_ms FROM found JOIN counted USING (partition, "offset");
