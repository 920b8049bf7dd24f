-- Version 2. Events have a keep, and strangers a bound on what they write.

-- How far the log had come when upkeep first ran on a day of the store's own clock: by this, and not
-- by the wall clock that an event carries, an event's age is told.
CREATE TABLE event_days (
    from_store      INTEGER PRIMARY KEY,
    seq             INTEGER NOT NULL
) STRICT;

-- Sign-ins that proved nothing, by source and hour of the store's own clock: how many are events of
-- their own, and how many were only counted. The row with an empty source has the sums.
CREATE TABLE strangers (
    from_store      INTEGER NOT NULL,
    source          TEXT    NOT NULL,
    recorded        INTEGER NOT NULL,
    counted         INTEGER NOT NULL,
    PRIMARY KEY (from_store, source)
) STRICT, WITHOUT ROWID;
