-- What an event counts by itself, whether it is remembered or not.

CREATE OR REPLACE TEMP TABLE plain AS
SELECT
    owner, n, is_bots, event_type, funnel, organization, day, hour, tag, step_id, exit_outcome, reason,
    conversion_type, conversion_goal_id, value_cents, currency, quantity, event_id,
    if(is_bots, context.bot, NULL) AS bot
FROM counted_by_cutoff JOIN tags USING (topic_id, partition, cutoff);

INSERT INTO amounts
SELECT 'analytics_funnel', funnel, day, hour, 'page_views', NULL, tag, count(*)
FROM plain
WHERE event_type = 'page_view' AND funnel IS NOT NULL AND NOT is_bots
GROUP BY ALL;

-- A bot's event counts once under each of its reasons.
INSERT INTO amounts
SELECT 'analytics_funnel', funnel, day, NULL, 'bots.' || map_key(reason), NULL, tag, count(*)
FROM (
    SELECT funnel, day, tag, unnest(list_distinct(bot)) AS reason
    FROM plain
    WHERE is_bots AND funnel IS NOT NULL
)
WHERE reason <> ''
GROUP BY ALL;

-- Steps: entries, exits, and conversions with a step_id.
INSERT INTO amounts
SELECT
    'analytics_funnel_step', document, day, if(of_hours, hour, NULL), field, currency, tag,
    sum(amount)
FROM (
    SELECT
        step_document(funnel, step_id) AS document, day, hour, tag,
        unnest(CASE event_type
            WHEN 'step_entry' THEN [{'field': 'entries', 'of_hours': true, 'currency': NULL, 'amount': 1}]
            WHEN 'conversion' THEN [
                {'field': 'conversions', 'of_hours': true, 'currency': NULL, 'amount': 1},
                {'field': 'value_cents', 'of_hours': true, 'currency': coalesce(currency, 'XXX'), 'amount': value_cents}
            ]
            WHEN 'step_exit' THEN [
                {'field': 'exits', 'of_hours': true, 'currency': NULL, 'amount': 1},
                {'field': 'exits_by_outcome.' || exit_outcome, 'of_hours': false, 'currency': NULL, 'amount': 1},
                {'field': if(exit_outcome = 'bounce', 'drop_offs', NULL), 'of_hours': true, 'currency': NULL, 'amount': 1},
                {
                    'field': 'reasons_by_outcome.' || exit_outcome || '.'
                        || map_key(nullif(reason, '')),
                    'of_hours': false, 'currency': NULL, 'amount': 1
                }
            ]
        END, recursive := true)
    FROM plain
    WHERE event_type IN ('step_entry', 'step_exit', 'conversion')
        AND step_id IS NOT NULL AND NOT is_bots
)
WHERE field IS NOT NULL AND amount > 0
GROUP BY ALL;

INSERT INTO amounts
SELECT
    'analytics_funnel', funnel, day, if(of_hours, hour, NULL), field, currency, tag, sum(amount)
FROM (
    SELECT
        funnel, day, hour, tag, conversion_type AS type, coalesce(currency, 'XXX') AS paid_in,
        coalesce(map_key(nullif(conversion_goal_id, '')), 'unattributed') AS goal,
        unnest([
            {'field': 'conversions', 'of_hours': true, 'currency': NULL, 'amount': 1},
            {'field': 'conversions_by_type.' || type || '.count', 'of_hours': false, 'currency': NULL, 'amount': 1},
            {'field': 'value_cents', 'of_hours': true, 'currency': paid_in, 'amount': value_cents},
            {
                'field': 'conversions_by_type.' || type || '.value_cents', 'of_hours': false,
                'currency': paid_in, 'amount': value_cents
            },
            {'field': 'conversions_by_goal.' || goal || '.count', 'of_hours': false, 'currency': NULL, 'amount': 1},
            {
                'field': 'conversions_by_goal.' || goal || '.value_cents', 'of_hours': false,
                'currency': paid_in, 'amount': value_cents
            }
        ], recursive := true)
    FROM plain
    WHERE event_type = 'conversion' AND NOT is_bots
)
WHERE amount > 0
GROUP BY ALL;

-- Ticketed events.
INSERT INTO amounts
SELECT
    'analytics_event_metrics', organization || ':' || encoded(event_id), day, hour,
    field, currency, tag, sum(amount)
FROM (
    SELECT
        organization, event_id, day, hour, tag,
        unnest([
            {
                'field': CASE event_type
                    WHEN 'view' THEN 'views'
                    WHEN 'cart_add' THEN 'add_to_cart'
                    WHEN 'checkout_start' THEN 'checkouts_started'
                    WHEN 'purchase' THEN 'tickets_sold'
                    WHEN 'email_confirmed' THEN 'emails_confirmed'
                    WHEN 'email_failed' THEN 'emails_failed'
                END,
                'currency': NULL,
                'amount': if(event_type = 'purchase', coalesce(quantity, 1), 1)
            },
            {
                'field': if(event_type = 'purchase', 'revenue_cents', NULL),
                'currency': coalesce(currency, 'XXX'),
                'amount': value_cents
            }
        ], recursive := true)
    FROM plain
    WHERE event_type IN (
        'view', 'cart_add', 'checkout_start', 'purchase', 'email_confirmed', 'email_failed'
    ) AND event_id IS NOT NULL AND NOT is_bots
)
WHERE field IS NOT NULL AND amount > 0
GROUP BY ALL;

-- A ticket admits once at an event, at its first scan there in the log's order, and at 200 events.
INSERT INTO amounts
SELECT
    'analytics_event_metrics', organization || ':' || encoded(event_id), day, hour,
    'admissions', NULL, tag, count(*)
FROM (
    FROM (
        FROM plain
        WHERE event_type = 'barcode_scanned'
        QUALIFY row_number() OVER (PARTITION BY owner, event_id ORDER BY n) = 1
    )
    QUALIFY row_number() OVER (PARTITION BY owner ORDER BY n) <= 200
)
GROUP BY ALL;
