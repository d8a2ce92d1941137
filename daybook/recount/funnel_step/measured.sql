-- The units of the batch in hand, and their events. The files that follow measure them.

CREATE OR REPLACE TABLE units AS
SELECT * EXCLUDE (size) FROM all_units SEMI JOIN units_in_hand USING (unit);

-- The events of each unit, in order: by time to the millisecond, then by offset.
CREATE OR REPLACE TABLE measured_deeds AS
SELECT
    unit, who, n, place, session, day, hour, ms, event_type, page, is_named,
    if(event_type = 'step_entry', step_id, NULL) AS entered,
    row_number() OVER (PARTITION BY unit ORDER BY ms, "offset", n) AS nth
FROM units JOIN remembered USING (who)
WHERE n <= upto AND until > alive_after;

-- The events of a unit that belong to a funnel.
CREATE OR REPLACE VIEW acts AS
FROM measured_deeds
WHERE place IS NOT NULL AND event_type <> 'experiment_exposed';
