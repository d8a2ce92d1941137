-- The documents' paths, and how much goes there. An hour's money does not say its currency, so that
-- is told beside it under `named`, which is no field: a currency may come to nothing in a day, and
-- yet be in its hours.
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
