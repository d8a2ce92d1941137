-- The paths in the documents and the amounts to add there. The money of an hour has no currency, so
-- it is repeated under `named`, which is no stored field: a currency's daily sum may be zero while
-- its hours are not.
CREATE OR REPLACE VIEW effects AS
WITH placed AS NOT MATERIALIZED (
    SELECT
        collection, document || ':' || day AS document, hour, currency, field, topic_id, partition,
        "offset", amount
    FROM amounts JOIN tags USING (tag)
)
SELECT
    collection, document, coalesce('currencies.' || currency || '.', '') || field AS path,
    topic_id, partition, "offset", amount
FROM placed
UNION ALL
SELECT
    collection, document, 'hours.' || hour || '.' || field, topic_id, partition, "offset", amount
FROM placed
WHERE hour IS NOT NULL
UNION ALL
SELECT
    collection, document, 'named.' || currency || '.' || hour || '.' || field,
    topic_id, partition, "offset", amount
FROM placed
WHERE hour IS NOT NULL AND currency IS NOT NULL;
