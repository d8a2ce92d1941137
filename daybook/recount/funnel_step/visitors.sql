-- visitor_state: each as of the last message of its key that it has counted: `reach` for all of
-- them, `cuts` for states that are further. The row with `nth` 0 has everything but the remembered
-- events; each of those has a row of its own, in their order.
CREATE OR REPLACE VIEW visitor_state AS
WITH seen AS (
    -- The home is the partition of the key's newest messages. It changes only when partitions are
    -- added.
    SELECT
        owner, max(n) AS upto,
        arg_max({'topic_id': e.topic_id, 'partition': e.partition, 'epoch': epoch}, n) AS home
    FROM events AS e
    LEFT JOIN reach USING (topic_id, partition)
    LEFT JOIN cuts ON cuts.collection = 'visitor_state' AND cuts.document = owner
        AND cuts.topic_id = e.topic_id AND cuts.partition = e.partition
    WHERE owner IS NOT NULL AND "offset" <= greatest(reach.last, cuts.last)
    GROUP BY owner
),
last_ids AS (
    SELECT
        owner,
        list_reverse(arg_max(replace(CAST(id AS VARCHAR), '-', ''), n, 32)) AS event_ids,
        bool_or(event_type = 'barcode_scanned') AS admitted
    FROM counted JOIN seen USING (owner)
    WHERE n <= upto
    GROUP BY owner
),
scans AS (
    SELECT owner, event_id, min(n) AS n
    FROM counted JOIN seen USING (owner)
    WHERE event_type = 'barcode_scanned' AND n <= upto
    GROUP BY owner, event_id
),
admissions AS (
    SELECT owner, list(event_id ORDER BY n)[:200] AS admissions FROM scans GROUP BY owner
),
until_now AS (
    SELECT
        who, owner, max(deeds.n) AS upto, min(day) AS first_day, count(*) AS happened,
        arg_max(user_id, deeds.n) AS user_id, max(number) AS users_named
    FROM deeds JOIN people USING (who) JOIN seen USING (owner)
    LEFT JOIN namings USING (who, n, user_id)
    WHERE of_owner <= upto
    GROUP BY who, owner
),
kept AS (
    SELECT r.*, owner FROM remembered AS r JOIN until_now USING (who)
    WHERE r.n <= upto AND "until" > upto
),
-- Sessions of which nothing is remembered, for lack of room, but that they began.
opened AS (
    SELECT owner, who, l.since AS session, d.session_id, d.appended_ms AS since_ms
    FROM left_out AS l
    JOIN until_now USING (who)
    JOIN sessions AS s ON s.who = l.who AND s.since = l.since
    JOIN deeds AS d ON d.who = l.who AND d.n = l.n
    WHERE l.n = l.since AND l.n <= upto AND "until" > upto
        AND (l.who, l.since) NOT IN (SELECT (who, session) FROM kept)
),
-- The number of events that ever had room.
taken AS (
    SELECT owner, count(*) AS remembered
    FROM remembered JOIN until_now USING (who)
    WHERE remembered.n <= upto
    GROUP BY owner
),
-- A day keeps its pin while one of its entries is remembered.
held AS (
    SELECT DISTINCT p.*
    FROM kept JOIN pinnable AS e USING (who, n)
    JOIN pinned AS p ON p.who = e.who AND p.place = e.place AND p.day = e.day AND p.round = e.round
    JOIN until_now ON until_now.who = p.who AND p.n <= upto
),
-- Members write pins before they count the entry, so a state may have pins of later entries.
to_come AS (
    SELECT pinned.*
    FROM pinned JOIN people USING (who) LEFT JOIN until_now USING (who)
    WHERE is_written AND pinned.n > coalesce(upto, 0)
),
pins_now AS (
    SELECT
        people.owner,
        list({
            'n': p.n, 'funnel': encoded(funnel_id), 'day': p.day, 'definition': reference,
            'topic_id': topic_id, 'partition': partition, 'offset': "offset", 'rules': definition
        }) AS pins,
        -- The home of a visitor for whom nothing is counted yet.
        arg_min({'topic_id': topic_id, 'partition': partition, 'epoch': epoch}, p.n) AS home
    FROM (FROM held UNION ALL FROM to_come) AS p
    JOIN people USING (who)
    JOIN deeds USING (who, n)
    JOIN funnels ON funnels.place = p.place
    GROUP BY people.owner
),
-- The last user_id of each session, in any funnel, also from events beyond the session's limit.
users AS (
    SELECT owner, list({'session': session, 'user_id': user_id}) AS users
    FROM (
        SELECT s.owner, session, arg_max(d.user_id, d.n) AS user_id
        FROM (SELECT kept.owner, who, session, session_id FROM kept JOIN deeds USING (who, n)
            UNION SELECT owner, who, session, session_id FROM opened) AS s
        JOIN deeds AS d USING (who, session_id)
        JOIN until_now USING (who)
        WHERE d.n BETWEEN session AND upto
            AND d.event_type <> 'experiment_exposed' AND d.user_id IS NOT NULL
        GROUP BY s.owner, session
    )
    GROUP BY owner
),
-- The first event of each user in a session, a funnel and a day.
marked AS (
    SELECT who, kept.n, number
    FROM kept JOIN deeds USING (who, n)
    ASOF JOIN namings ON kept.who = namings.who AND kept.n >= namings.n
    WHERE funnel_user IS NOT NULL
    QUALIFY row_number() OVER (
        PARTITION BY kept.who, kept.session, deeds.place, deeds.day, number ORDER BY kept.n
    ) = 1
),
remembered_events AS (
    SELECT
        kept.owner, kept.n,
        d.event_type IN ('view', 'cart_add', 'checkout_start', 'purchase') AS is_ticket,
        -- A text, because JSON's functions write nulls, and visitors.py would have to leave them out;
        -- `concat` passes over NULL. The place of the context comes later. Fields that an event type
        -- does not declare are ignored.
        concat(
            '[', kept.session, ',', to_json(d.session_id), ',', kept.since_ms, ',', d.size, ',',
            d.origin_size, ',',
            json_array(
                d.context.source, d.context.channel, d.context.device_type, d.context.browser,
                d.context.country, d.context.utm_campaign, d.context.landing_page
            ),
            ',{"at":', d.ms, ',"offset":', d."offset", ',"day":"', d.day, '","hour":"', d.hour,
            '","type":"', d.event_type, '","context":0',
            ',"funnel":' || to_json(funnel_id),
            ',"step":' || to_json(
                if(d.event_type IN ('page_view', 'step_entry', 'step_exit', 'conversion'),
                    d.step_id, NULL)
            ),
            ',"page":' || to_json(d.page),
            ',"previous":' || to_json(if(d.event_type = 'step_entry', d.previous_step_id, NULL)),
            ',"next":' || to_json(if(d.event_type = 'step_exit', d.next_step_id, NULL)),
            ',"outcome":' || to_json(if(d.event_type = 'step_exit', d.exit_outcome, NULL)),
            ',"reason":' || to_json(if(d.event_type = 'step_exit', d.reason, NULL)),
            ',"kind":' || to_json(if(d.event_type = 'conversion', d.conversion_type, NULL)),
            ',"cents":' || if(is_ticket OR d.event_type = 'conversion', d.value_cents, NULL),
            ',"test":' || to_json(if(d.event_type = 'experiment_exposed', d.test_id, NULL)),
            ',"variant":' || to_json(if(d.event_type = 'experiment_exposed', d.variant_id, NULL)),
            ',"event":' || to_json(if(is_ticket, d.event_id, NULL)),
            ',"quantity":' || if(is_ticket, d.quantity, NULL),
            ',"currency":' || to_json(
                if((is_ticket OR d.event_type = 'conversion') AND d.value_cents IS NOT NULL,
                    if(d.event_type IN ('conversion', 'purchase'), d.currency, 'XXX'), NULL)
            ),
            ',"user":' || marked.number,
            ',"pinned":' || to_json(held.reference),
            '}]'
        ) AS event
    FROM kept
    JOIN deeds AS d USING (who, n)
    LEFT JOIN funnels ON funnels.place = d.place
    LEFT JOIN marked ON marked.who = d.who AND marked.n = d.n
    LEFT JOIN pinnable AS e ON e.who = d.who AND e.n = d.n
    LEFT JOIN held
        ON held.who = e.who AND held.place = e.place AND held.day = e.day AND held.round = e.round
        AND held.n <= d.n
)
SELECT
    coalesce(seen.owner, pins_now.owner) AS document,
    0 AS nth,
    CAST(json_object(
        'first_day', first_day,
        'user_id', user_id,
        'named', coalesce(users_named, 0),
        'users', coalesce(users, []),
        'opened', coalesce(of_owner.opened, []),
        'truncated', coalesce(happened - coalesce(remembered, 0), 0),
        'pins', coalesce(pins, []),
        'admitted', coalesce(admitted, false),
        'admissions', coalesce(admissions, []),
        'home', coalesce(seen.home, pins_now.home),
        'event_ids', coalesce(event_ids, [])
    ) AS VARCHAR) AS state
FROM seen
FULL JOIN pins_now ON pins_now.owner = seen.owner
LEFT JOIN last_ids ON last_ids.owner = seen.owner
LEFT JOIN admissions ON admissions.owner = seen.owner
LEFT JOIN until_now ON until_now.owner = seen.owner
LEFT JOIN users ON users.owner = seen.owner
LEFT JOIN taken ON taken.owner = seen.owner
LEFT JOIN (
    SELECT owner, list({
        'session': session, 'session_id': session_id, 'since_ms': since_ms
    }) AS opened
    FROM opened
    GROUP BY owner
) AS of_owner ON of_owner.owner = seen.owner
UNION ALL
SELECT owner, n, event FROM remembered_events;
