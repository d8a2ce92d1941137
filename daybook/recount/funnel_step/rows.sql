-- experiment_visitors: a row for each visitor and funnel with their exposures and conversions, whatever
-- is forgotten of them; order_emails: a row for each order's e-mails that name no ticketed event. Each
-- by the last message that the row has counted: `reach` for all of them, `cuts` for rows that are
-- further.
CREATE OR REPLACE TABLE row_items AS
SELECT
    'experiment_visitors' AS collection, owner || ':' || encoded(funnel_id) AS document,
    n, topic_id, partition, "offset", event_type, ms,
    if(event_type = 'experiment_exposed', test_id, NULL) AS test_id,
    if(event_type = 'experiment_exposed', variant_id, NULL) AS variant_id,
    if(event_type = 'conversion', value_cents, NULL) AS value_cents,
    if(event_type = 'conversion' AND value_cents IS NOT NULL, currency, NULL) AS currency
FROM deeds JOIN people USING (who) JOIN funnels USING (place, funnel)
WHERE event_type IN ('experiment_exposed', 'conversion')
UNION ALL
SELECT
    'order_emails', owner, n, topic_id, partition, "offset", event_type, ms, NULL, NULL, NULL, NULL
FROM counted
WHERE event_type IN ('email_confirmed', 'email_failed') AND event_id IS NULL;

CREATE OR REPLACE VIEW experiment_visitors_messages AS
SELECT document, topic_id, partition, "offset", 0 AS epoch
FROM row_items WHERE collection = 'experiment_visitors';

CREATE OR REPLACE VIEW order_emails_messages AS
SELECT document, topic_id, partition, "offset", 0 AS epoch
FROM row_items WHERE collection = 'order_emails';

-- A row has its first 2,000 events, or 100 e-mails.
CREATE OR REPLACE VIEW grown_rows AS
SELECT
    collection, document, 0 AS nth,
    CAST(json_object(
        'total', any_value(total),
        'items', list({
            'event_type': event_type, 'at': ms, 'test_id': test_id, 'variant_id': variant_id,
            'value_cents': value_cents, 'currency': currency
        } ORDER BY n)
    ) AS VARCHAR) AS state
FROM (
    SELECT
        i.*, count(*) OVER (PARTITION BY i.collection, i.document) AS total,
        row_number() OVER (PARTITION BY i.collection, i.document ORDER BY n) AS place
    FROM row_items AS i
    LEFT JOIN reach USING (topic_id, partition)
    LEFT JOIN cuts ON cuts.collection = i.collection AND cuts.document = i.document
        AND cuts.topic_id = i.topic_id AND cuts.partition = i.partition
    WHERE "offset" <= greatest(reach.last, cuts.last)
)
WHERE place <= if(collection = 'order_emails', 100, 2000)
GROUP BY collection, document;

CREATE OR REPLACE VIEW experiment_visitors AS
SELECT document, nth, state FROM grown_rows WHERE collection = 'experiment_visitors';

CREATE OR REPLACE VIEW order_emails AS
SELECT document, nth, state FROM grown_rows WHERE collection = 'order_emails';
