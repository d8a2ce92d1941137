-- What each person's profile must hold, from what events said about people. Runs for some people:
-- `in_slice` says for whom.

CREATE OR REPLACE TEMP MACRO is_tracked(kind) AS NOT contains(split_part(kind, '|', 1), '.');
CREATE OR REPLACE TEMP MACRO is_of_account(name) AS
    name IN ('country', 'role', 'source', 'email_domain');

CREATE OR REPLACE TABLE kept_changes AS
SELECT
    person, if(what IN ('given', 'withdrawn'), 'consent', 'account') AS list,
    list_sort(list(DISTINCT {'ms': ms, 'value': what}))[-200:] AS newest,
    count(DISTINCT (ms, what)) > 200 AS is_cut
FROM main.changes_of
WHERE in_slice(person)
GROUP BY ALL;

-- What was tracked, or anything at all, counts only if it is later.
CREATE OR REPLACE TABLE cuts_of AS
WITH ended AS (
    SELECT person, list, list_max(list_transform(
        list_filter(newest, lambda one: one.value IN ('withdrawn', 'deleted')), lambda one: one.ms
    )) AS ms
    FROM kept_changes
)
SELECT
    person,
    coalesce(max(ms) FILTER (list = 'account'), -1) AS anything,
    coalesce(max(ms), -1) AS tracked
FROM ended
GROUP BY person;

CREATE OR REPLACE TABLE kept_events AS
WITH moments AS (
    SELECT person, unnest(list_append(kinds, '*')) AS kind, ms FROM main.did_by WHERE in_slice(person)
)
SELECT
    person, kind,
    list_sort(list(DISTINCT ms))[-100:] AS times,
    count(DISTINCT ms) > 100 AS is_cut
FROM moments LEFT JOIN cuts_of AS c USING (person)
WHERE ms > coalesce(if(is_tracked(kind), c.tracked, anything), -1)
GROUP BY person, kind;

CREATE OR REPLACE TABLE kept_attributes AS
SELECT
    person, name,
    list_sort(list(DISTINCT {'ms': ms, 'value': value}))[-20:] AS newest,
    count(DISTINCT (ms, value)) > 20 AS is_cut
FROM main.attributes_of LEFT JOIN cuts_of AS c USING (person)
WHERE in_slice(person) AND ms > coalesce(if(is_of_account(name), anything, c.tracked), -1)
GROUP BY person, name;

CREATE OR REPLACE TABLE kept_orders AS
SELECT
    person, split_part(key_id, ':', 3) AS id, paid_ms, currency, cents, refunds, products, version,
    count(*) OVER (PARTITION BY person) > 1000 AS is_cut
FROM main.paid_by LEFT JOIN cuts_of USING (person)
WHERE in_slice(person) AND paid_ms > coalesce(anything, -1)
QUALIFY row_number() OVER (PARTITION BY person ORDER BY paid_ms DESC, id DESC) <= 1000;

-- The first time of what was tracked and still counts, and of anything else.
CREATE OR REPLACE TABLE seen AS
WITH found AS (
    SELECT person, is_tracked(kinds[1]) AS is_tracked, ms FROM main.did_by WHERE in_slice(person)
    UNION ALL
    SELECT person, NOT is_of_account(name), ms FROM main.attributes_of WHERE in_slice(person)
    UNION ALL
    SELECT person, false, unnest(list_transform(
        list_filter(newest, lambda one: one.value = 'opened'), lambda one: one.ms
    )) FROM kept_changes
    UNION ALL
    SELECT person, false, paid_ms FROM main.paid_by WHERE in_slice(person)
)
SELECT
    person,
    min(ms) FILTER (is_tracked AND ms > coalesce(c.tracked, -1)) AS tracked,
    min(ms) FILTER (NOT is_tracked AND ms > coalesce(anything, -1)) AS account
FROM found LEFT JOIN cuts_of AS c USING (person)
GROUP BY person;

-- A map as JSON, its keys in order.
CREATE OR REPLACE TEMP MACRO map_of(key, value) AS
    '{' || string_agg(to_json(key) || ':' || value, ',' ORDER BY key) || '}';

CREATE OR REPLACE TEMP MACRO pairs(list) AS
    '[' || array_to_string(
        list_transform(list, lambda one: to_json([to_json(one.ms), to_json(one.value)])), ','
    ) || ']';

-- The facts as JSON, with the fields in the order of their names. Which are kept depends on the
-- order of their arrival (`is_cut`) if there are too many kinds or orders, or if a first time must
-- be found anew among times that are not all kept.
INSERT INTO main.expected_profiles
WITH listed AS (
    SELECT
        person,
        coalesce(any_value(pairs(newest)) FILTER (list = 'account'), '[]') AS account,
        coalesce(any_value(pairs(newest)) FILTER (list = 'consent'), '[]') AS consent,
        bool_or(is_cut) AS is_cut
    FROM kept_changes GROUP BY person
),
happened AS (
    SELECT
        person, map_of(map_key(kind), CAST(to_json(times) AS VARCHAR)) AS events,
        bool_or(is_cut) AS is_cut, count(*) > 500 AS is_full
    FROM kept_events GROUP BY person
),
described AS (
    SELECT person, map_of(name, pairs(newest)) AS attributes, bool_or(is_cut) AS is_cut
    FROM kept_attributes GROUP BY person
),
bought AS (
    SELECT
        person,
        map_of(map_key(url_decode(id)), CAST(json_object(
            'cents', cents, 'currency', currency, 'paid_at', paid_ms, 'products', products,
            'refunds', refunds, 'version', version
        ) AS VARCHAR)) AS orders,
        bool_or(is_cut) AS is_full
    FROM kept_orders GROUP BY person
),
taken_over AS (
    SELECT person, list(visitor ORDER BY visitor) AS visitors
    FROM (
        SELECT person, url_decode(split_part(visitor, ':', 3)) AS visitor FROM main.joins
        WHERE in_slice(person)
    )
    GROUP BY person
),
named AS (
    SELECT
        person, url_decode(split_part(person, ':', 1)) AS organization,
        split_part(person, ':', 2) || ':' || url_decode(split_part(person, ':', 3)) AS own
    FROM main.profiles WHERE in_slice(person)
)
SELECT
    n.person,
    '{"account":' || coalesce(l.account, '[]')
        || ',"attributes":' || coalesce(attributes, '{}')
        || ',"consent":' || coalesce(consent, '[]')
        || ',"events":' || coalesce(events, '{}')
        || ',"first_seen":' || coalesce(CAST(least(tracked, s.account) AS VARCHAR), 'null')
        || ',"into":' || coalesce(CAST(to_json(
            split_part(j.person, ':', 2) || ':' || url_decode(split_part(j.person, ':', 3))
        ) AS VARCHAR), 'null')
        || ',"orders":' || coalesce(orders, '{}')
        || ',"organization_id":' || to_json(organization)
        || ',"person":' || to_json(own)
        || ',"sample":' || CAST('0x' || left(sha256(n.person), 8) AS UBIGINT) % 10000
        || ',"seen":{' || concat_ws(
            ',', '"account":' || s.account, '"tracked":' || tracked
        ) || '},"truncated":0,"visitors":'
        || coalesce(CAST(to_json(list_transform(visitors, lambda one: 'v:' || one)) AS VARCHAR), '[]')
        || '}',
    least(tracked, s.account),
    coalesce(h.is_full, false) OR coalesce(b.is_full, false) OR coalesce(l.is_cut, false)
        OR (l.person IS NOT NULL AND (coalesce(h.is_cut, false) OR coalesce(d.is_cut, false)))
FROM named AS n
LEFT JOIN listed AS l ON l.person = n.person
LEFT JOIN happened AS h ON h.person = n.person
LEFT JOIN described AS d ON d.person = n.person
LEFT JOIN bought AS b ON b.person = n.person
LEFT JOIN taken_over AS t ON t.person = n.person
LEFT JOIN seen AS s ON s.person = n.person
LEFT JOIN main.joins AS j ON j.visitor = n.person;

-- What conditions ask of people.
INSERT INTO main.facts_events SELECT person, kind, unnest(times) FROM kept_events;
INSERT INTO main.facts_attributes
SELECT person, name, one.ms, one.value
FROM (SELECT person, name, unnest(newest) AS one FROM kept_attributes);
INSERT INTO main.facts_orders SELECT person, id, paid_ms, currency, cents FROM kept_orders;
INSERT INTO main.facts_refunds
SELECT person, id, one[1], one[2] FROM (SELECT person, id, unnest(refunds) AS one FROM kept_orders);
INSERT INTO main.facts_products SELECT person, id, unnest(products) FROM kept_orders;
INSERT INTO main.facts_changes
SELECT person, one.value, one.ms
FROM (SELECT person, unnest(newest) AS one FROM kept_changes);
