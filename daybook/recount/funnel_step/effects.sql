-- The paths in the documents and the amounts to add there. The money of an hour has no currency, so
-- it is repeated under `named`, which is no stored field: a currency's daily sum may be zero while
-- its hours are not.
CREATE OR REPLACE VIEW effects AS
SELECT
    collection,
    document || ':' || day AS document,
    unnest(list_filter([
        coalesce('currencies.' || currency || '.', '') || field,
        'hours.' || hour || '.' || field,
        'named.' || currency || '.' || hour || '.' || field
    ], lambda path: path IS NOT NULL)) AS path,
    topic_id, partition, "offset", amount
FROM amounts JOIN tags USING (tag);
