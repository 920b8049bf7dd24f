-- Version 3. Who is asked: rules as versions, one of them in force.

-- A version is made once and never changed or removed: what was in force is read here for good.
CREATE TABLE policies (
    version         INTEGER PRIMARY KEY CHECK (version > 0),
    format          INTEGER NOT NULL,
    rules           TEXT    NOT NULL,
    sha256          BLOB    NOT NULL,
    how             TEXT    NOT NULL CHECK (how IN ('setup', 'apply', 'try', 'rollback')),
    based_on        INTEGER,
    restores        INTEGER,
    tried_for       INTEGER,
    by              TEXT    NOT NULL,
    reason          TEXT    NOT NULL,
    created_wall    INTEGER NOT NULL
) STRICT;
CREATE TRIGGER policies_are_never_changed BEFORE UPDATE ON policies
    BEGIN SELECT RAISE(ABORT, 'a policy version is never changed'); END;
CREATE TRIGGER policies_are_never_removed BEFORE DELETE ON policies
    BEGIN SELECT RAISE(ABORT, 'a policy version is never removed'); END;

-- Tries that somebody confirmed before they were over.
CREATE TABLE policy_confirmations (
    version         INTEGER PRIMARY KEY REFERENCES policies (version),
    by              TEXT    NOT NULL,
    created_wall    INTEGER NOT NULL
) STRICT;

-- One row. With a previous version: a try, in force from its beginning to its end in that boot and no
-- longer, whoever is there to see it.
CREATE TABLE policy_in_force (
    one             INTEGER PRIMARY KEY CHECK (one = 1),
    version         INTEGER NOT NULL,
    previous        INTEGER,
    boot_id         TEXT,
    began_boot      INTEGER,
    until_boot      INTEGER,
    CHECK ((previous IS NULL) = (boot_id IS NULL) AND (previous IS NULL) = (began_boot IS NULL)
       AND (previous IS NULL) = (until_boot IS NULL))
) STRICT;
