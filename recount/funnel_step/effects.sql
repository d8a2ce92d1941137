-- The documents' paths, and how much goes there.
CREATE OR REPLACE VIEW effects AS
SELECT
    collection,
    document || ':' || day AS document,
    unnest(list_filter([
        coalesce('currencies.' || currency || '.', '') || field,
        'hours.' || hour || '.' || field
    ], lambda path: path IS NOT NULL)) AS path,
    topic_id, partition, "offset", amount
FROM amounts JOIN tags USING (tag);
