-- What visitors do in funnels, in experiments and around ticketed events, by day. docs/funnels.md
-- defines each number. This file reads the log; recount/funnel_step/ computes the measures.

-- The fields of the documents. `since` is the model version that added the field. A count_map with
-- groups lists them in `part`; a breakdown lists its counts in `part`, its money in `whole`.
CREATE TABLE fields AS
SELECT
    'analytics_funnel' AS collection,
    unnest([
        'page_views', 'sessions', 'visitors', 'unique_visitors', 'new_visitors',
        'returning_visitors', 'conversions', 'converting_visitors', 'attempts', 'completions',
        'bounced_sessions', 'visit_seconds'
    ]) AS field,
    'counter' AS kind, NULL AS part, NULL AS whole, 1 AS since
UNION ALL
SELECT 'analytics_funnel', 'named_visitors', 'counter', NULL, NULL, 3
UNION ALL
SELECT 'analytics_funnel', unnest([
    'sources', 'channels', 'devices', 'browsers', 'countries', 'campaigns', 'landing_pages'
]), 'breakdown', 'visitors,conversions', 'value_cents', 2
UNION ALL
SELECT 'analytics_funnel_step', unnest([
    'entries', 'exits', 'drop_offs', 'visitors', 'unique_visitors', 'reached', 'conversions',
    'converting_visitors', 'time_spent_seconds', 'time_spent_count'
]), 'counter', NULL, NULL, 1
UNION ALL
SELECT 'analytics_funnel_step', unnest([
    'exits_by_outcome', 'time_histogram', 'entry_paths', 'exit_paths'
]), 'count_map', NULL, NULL, 1
UNION ALL
SELECT 'analytics_funnel_step', unnest(['sources', 'devices', 'browsers']), 'count_map', NULL, NULL, 2
UNION ALL
SELECT 'analytics_experiment', unnest(['visitors', 'conversions', 'multiple_exposures']),
    'counter', NULL, NULL, 1
UNION ALL
SELECT 'analytics_event_metrics', unnest([
    'views', 'add_to_cart', 'checkouts_started', 'tickets_sold', 'unique_viewers',
    'unique_buyers', 'emails_confirmed', 'emails_failed'
]), 'counter', NULL, NULL, 1
UNION ALL
SELECT 'analytics_event_metrics', 'admissions', 'counter', NULL, NULL, 2
UNION ALL
SELECT 'funnel_sessions', unnest([
    'organization_id', 'visitor_id', 'session_id', 'funnel_id', 'user_id', 'started_at', 'last_at',
    'entry_page', 'exit_page', 'page_views', 'path', 'context', 'conversions', 'events',
    'events_total', 'consent'
]), 'state', NULL, NULL, 0
UNION ALL
-- Of the states' content, the recount takes over the pins.
SELECT 'visitor_state', unnest([
    'organization_id', 'visitor_id', 'first_day', 'pins', 'definitions', 'admitted',
    'home', 'event_ids'
]), 'state', NULL, NULL, 1
UNION ALL
SELECT 'visitor_state', unnest(['size', 'truncated']), 'state', NULL, NULL, 2
UNION ALL
SELECT 'visitor_state', 'admissions', 'state', NULL, NULL, 3
UNION ALL
-- Sessions are older, and tell of users since then.
SELECT 'visitor_state', unnest(['user_id', 'users', 'sessions']), 'state', NULL, NULL, 4
UNION ALL
SELECT 'funnel_users', unnest(['organization_id', 'funnel_id', 'date', 'visitor_id', 'user_id']),
    'state', NULL, NULL, 1
UNION ALL
SELECT 'experiment_visitors', unnest([
    'organization_id', 'visitor_id', 'funnel_id', 'events', 'events_total', 'truncated'
]), 'state', NULL, NULL, 1
UNION ALL
SELECT 'order_emails', unnest([
    'organization_id', 'order_id', 'emails', 'emails_total', 'truncated'
]), 'state', NULL, NULL, 1
UNION ALL
SELECT 'funnel_sessions', 'truncated', 'state', NULL, NULL, 1
UNION ALL
FROM (VALUES
    ('analytics_funnel', 'value_cents', 'money', NULL, NULL, 1),
    ('analytics_funnel', 'pages', 'breakdown', 'visitors,conversions', 'value_cents', 1),
    ('analytics_funnel', 'conversions_by_type', 'breakdown', 'count', 'value_cents', 1),
    ('analytics_funnel', 'conversions_by_goal', 'breakdown', 'count', 'value_cents', 2),
    ('analytics_funnel', 'bots', 'count_map', NULL, NULL, 1),
    ('analytics_funnel_step', 'value_cents', 'money', NULL, NULL, 1),
    ('analytics_funnel_step', 'reasons_by_outcome', 'count_map',
        'forward,backward,bounce,close', NULL, 1),
    ('analytics_funnel_step', 'drop_off_rate', 'rate', 'drop_offs', 'entries', 1),
    ('analytics_funnel_step', 'avg_time_seconds', 'average',
        'time_spent_seconds', 'time_spent_count', 1),
    ('analytics_experiment', 'value_cents', 'money', NULL, NULL, 1),
    ('analytics_experiment', 'value_cents_squared', 'squares', NULL, NULL, 1),
    ('analytics_event_metrics', 'revenue_cents', 'money', NULL, NULL, 1),
    ('analytics_event_metrics', 'conversion_rate', 'rate', 'unique_buyers', 'unique_viewers', 1)
) AS field(collection, field, kind, part, whole, since);

INSERT INTO measured VALUES
    ('analytics_funnel', ['organization_id', 'funnel_id']),
    ('analytics_funnel_step', ['organization_id', 'funnel_id', 'step_id']),
    ('analytics_experiment', ['organization_id', 'test_id', 'variant_id']),
    ('analytics_event_metrics', ['organization_id', 'event_id']);

-- Whether the fields have the declared types, from the JSON types of: 1 visitor_id,
-- 2 session_id, 3 funnel_id, 4 step_id, 5 previous_step_id, 6 next_step_id, 7 page, 8 page_id,
-- 9 reason, 10 value_cents, 11 currency, 12 quantity, 13 test_id, 14 variant_id, 15 event_id,
-- 16 context, 17 its bot, 18 conversion_goal_id.
CREATE MACRO text(kind) AS coalesce(kind = 'VARCHAR', false);
CREATE MACRO maybe(kind, expected) AS coalesce(kind, expected) = expected;
CREATE MACRO fits(event_type, kinds, exit_outcome, conversion_type) AS
    CASE WHEN event_type IN ('email_confirmed', 'email_failed') THEN maybe(kinds[15], 'VARCHAR')
        WHEN event_type = 'barcode_scanned' THEN text(kinds[15])
        ELSE text(kinds[1]) AND text(kinds[2]) AND maybe(kinds[3], 'VARCHAR')
            AND maybe(kinds[16], 'OBJECT') AND maybe(kinds[17], 'ARRAY')
    END
    AND CASE event_type
        WHEN 'page_view' THEN maybe(kinds[7], 'VARCHAR') AND maybe(kinds[8], 'VARCHAR')
        WHEN 'step_entry' THEN text(kinds[3]) AND text(kinds[4]) AND maybe(kinds[5], 'VARCHAR')
        WHEN 'step_exit' THEN text(kinds[3]) AND text(kinds[4])
            AND maybe(kinds[6], 'VARCHAR') AND maybe(kinds[9], 'VARCHAR')
            AND coalesce(exit_outcome IN ('forward', 'backward', 'bounce', 'close'), false)
        WHEN 'conversion' THEN text(kinds[3]) AND maybe(kinds[4], 'VARCHAR')
            AND maybe(kinds[10], 'UBIGINT') AND maybe(kinds[11], 'VARCHAR')
            AND maybe(kinds[18], 'VARCHAR')
            AND coalesce(
                conversion_type IN ('form_submit', 'purchase', 'signup', 'custom'), false)
        WHEN 'experiment_exposed' THEN text(kinds[3]) AND text(kinds[13]) AND text(kinds[14])
        WHEN 'purchase' THEN text(kinds[15]) AND maybe(kinds[10], 'UBIGINT')
            AND maybe(kinds[11], 'VARCHAR') AND maybe(kinds[12], 'UBIGINT')
        WHEN 'view' THEN text(kinds[15])
        WHEN 'cart_add' THEN text(kinds[15])
        WHEN 'checkout_start' THEN text(kinds[15])
        ELSE true
    END;

-- `owner` is the history that
-- an event belongs to: of a visitor in an organization, of an order or of a ticket. A history is in
-- the order of the log; `n` numbers its events. If partitions were added, events from before that
-- (of a lower epoch) come first. `is_served`: sent by a server for an order or a ticket.
CREATE TABLE events AS
-- Numbered before `data` is taken apart, because sorting many columns costs more than one.
WITH numbered AS (
    SELECT
        *,
        row_number() OVER (
            PARTITION BY organization_id, key_id ORDER BY epoch, "offset", partition
        ) AS n
    FROM events_of('visitor_id', own_keys := MAP {
        'email_confirmed': 'o:order_id', 'email_failed': 'o:order_id',
        'barcode_scanned': 't:ticket_id'
    })
),
read AS (
    SELECT
        * EXCLUDE (data, reason),
        reason AS doubt,
        data -> '$.metadata' AS metadata,
        json_type(data, [
            '$.visitor_id', '$.session_id', '$.funnel_id', '$.step_id', '$.previous_step_id',
            '$.next_step_id', '$.page', '$.page_id', '$.reason', '$.value_cents', '$.currency',
            '$.quantity', '$.test_id', '$.variant_id', '$.event_id', '$.context', '$.context.bot',
            '$.conversion_goal_id'
        ]) AS kinds,
        unnest(json_transform(data, '{
            "visitor_id": "VARCHAR", "session_id": "VARCHAR", "funnel_id": "VARCHAR",
            "user_id": "VARCHAR",
            "step_id": "VARCHAR", "previous_step_id": "VARCHAR", "next_step_id": "VARCHAR",
            "page": "VARCHAR", "page_id": "VARCHAR", "exit_outcome": "VARCHAR",
            "reason": "VARCHAR", "conversion_type": "VARCHAR",
            "conversion_goal_id": "VARCHAR", "value_cents": "BIGINT",
            "currency": "VARCHAR", "quantity": "BIGINT", "test_id": "VARCHAR",
            "variant_id": "VARCHAR", "event_id": "VARCHAR", "ticket_id": "VARCHAR",
            "context": {
                "source": "VARCHAR", "channel": "VARCHAR", "device_type": "VARCHAR",
                "browser": "VARCHAR", "country": "VARCHAR", "utm_campaign": "VARCHAR",
                "landing_page": "VARCHAR", "bot": ["VARCHAR"]
            }
        }'))
    FROM numbered
)
SELECT
    * EXCLUDE (kinds),
    encoded(organization_id) || ':' || encoded(key_id) AS owner,
    event_type IN ('email_confirmed', 'email_failed', 'barcode_scanned') AS is_served,
    NOT is_served AND coalesce(len(context.bot), 0) > 0 AS is_bots,
    fits(event_type, kinds, exit_outcome, conversion_type) AS fits
FROM read;

CREATE VIEW visitor_state_messages AS
SELECT owner AS document, topic_id, partition, "offset", epoch FROM events WHERE owner IS NOT NULL;

CREATE VIEW unreadable AS
SELECT
    topic_id, partition, "offset",
    coalesce(doubt, 'a field is missing, or has a wrong type') AS reason
FROM events
WHERE doubt IS NOT NULL OR NOT fits;

CREATE TABLE repeats AS SELECT history AS owner, n FROM repeats_in('events', owner);

-- The events that count. Events of bots count only by their reasons, not in a history.
CREATE TABLE counted AS
SELECT
    * EXCLUDE (message_key, key_id, utc, doubt, fits, duplicate, organization_id),
    encoded(organization_id) AS organization,
    -- epoch_ms would round; digits beyond the millisecond are cut off.
    epoch_us(utc) // 1000 AS ms,
    organization || ':' || encoded(funnel_id) AS funnel
FROM events ANTI JOIN repeats USING (owner, n)
WHERE NOT duplicate AND doubt IS NULL AND fits;

-- Numbers for visitors (`who`) and funnels (`place`), which join faster than names.
CREATE TABLE people AS
SELECT owner, row_number() OVER () AS who
FROM (SELECT DISTINCT owner FROM counted WHERE NOT is_served AND NOT is_bots);

CREATE TABLE funnels AS
SELECT funnel, funnel_id, row_number() OVER () AS place
FROM (SELECT DISTINCT funnel, funnel_id FROM counted WHERE funnel IS NOT NULL);

-- The size by which a text counts in a visitor's memory.
CREATE MACRO text_size(text) AS coalesce(16 + strlen(text), 0);

CREATE MACRO origin_text(text) AS coalesce(20 + strlen(text), 0);

-- The deeds: visitors' events, each history numbered without gaps. `size`: that of the event in the
-- visitor's memory, which is what BSON adds, and the texts and numbers that are remembered of its
-- type; an amount has a currency of three letters. `origin`: what a session remembers of a context,
-- once for all events with the same.
CREATE TABLE deeds AS
SELECT
    who, place, funnel,
    row_number() OVER (PARTITION BY who ORDER BY n) AS n, counted.n AS of_owner,
    topic_id, partition, "offset", epoch, appended_ms, ms, day, hour, event_type, organization,
    session_id, step_id, previous_step_id, next_step_id, exit_outcome, conversion_type,
    nullif(value_cents, 0) AS cents, coalesce(currency, 'XXX') AS currency,
    test_id, variant_id, event_id, context, reason, quantity, value_cents, page_id, metadata,
    user_id,
    -- The user whose event it is: the one named last, in the log's order, by now.
    last_value(user_id IGNORE NULLS) OVER (PARTITION BY who ORDER BY n) AS "user",
    -- The same, of an event that belongs to a funnel.
    if(place IS NOT NULL AND event_type <> 'experiment_exposed', "user", NULL) AS funnel_user,
    if(event_type = 'page_view', coalesce(nullif(page, ''), page_id), NULL) AS page,
    -- The day of the visitor's earliest event so far.
    min(day) OVER (PARTITION BY who ORDER BY n) AS first_day,
    120 + text_size(funnel_id) + CASE
        WHEN event_type = 'page_view'
            THEN text_size(step_id) + text_size(coalesce(nullif(counted.page, ''), page_id))
        WHEN event_type = 'step_entry'
            THEN 80 + text_size(step_id) + text_size(previous_step_id)
        WHEN event_type = 'step_exit'
            THEN text_size(step_id) + text_size(next_step_id) + text_size(exit_outcome)
                + text_size(reason)
        WHEN event_type = 'conversion'
            THEN text_size(step_id) + text_size(conversion_type)
                + if(value_cents IS NULL, 0, 39)
        WHEN event_type = 'experiment_exposed'
            THEN text_size(test_id) + text_size(variant_id)
        WHEN event_type IN ('view', 'cart_add', 'checkout_start', 'purchase')
            THEN text_size(event_id) + if(quantity IS NULL, 0, 20)
                + if(value_cents IS NULL, 0, 39)
        ELSE 0
    END AS size,
    {
        'source': context.source, 'channel': context.channel,
        'device_type': context.device_type, 'browser': context.browser,
        'country': context.country, 'utm_campaign': context.utm_campaign,
        'landing_page': context.landing_page
    } AS origin,
    24 + origin_text(context.source) + origin_text(context.channel)
        + origin_text(context.device_type) + origin_text(context.browser)
        + origin_text(context.country) + origin_text(context.utm_campaign)
        + origin_text(context.landing_page) AS origin_size
FROM counted
JOIN people USING (owner)
LEFT JOIN funnels USING (funnel, funnel_id)
WHERE NOT is_served AND NOT is_bots;

-- The `_id` of a step's document, without the day. A step named like the reserved word is encoded,
-- so that it gets a document of its own.
CREATE MACRO step_document(funnel, step) AS
    funnel || ':' || encoded(if(step = 'unattributed', '%75nattributed', step));
