-- Version 4. Bypass codes, and shields against sources.

-- A code lives on CLOCK_BOOTTIME of its boot and in its generation, like a challenge; uses_left and
-- revoked_wall end it before. No number is given twice: events name codes by theirs.
CREATE TABLE bypass_codes (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    account         INTEGER NOT NULL REFERENCES accounts (id),
    first_symbols   TEXT    NOT NULL,
    hash            TEXT    NOT NULL,
    uses            INTEGER NOT NULL,
    uses_left       INTEGER NOT NULL CHECK (uses_left BETWEEN 0 AND uses),
    boot_id         TEXT    NOT NULL,
    expires_boot    INTEGER NOT NULL,
    generation      INTEGER NOT NULL,
    revoked_wall    INTEGER,
    reason          TEXT    NOT NULL,
    made_by         TEXT    NOT NULL,
    created_wall    INTEGER NOT NULL,
    created_store   INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX bypass_codes_live ON bypass_codes (account, first_symbols)
    WHERE uses_left > 0 AND revoked_wall IS NULL;
CREATE INDEX bypass_codes_by_account ON bypass_codes (account);
CREATE INDEX bypass_codes_by_age ON bypass_codes (created_store);

-- Sources that are refused for a while, on the store's own clock: one row a network.
CREATE TABLE shields (
    network         TEXT    PRIMARY KEY,
    until_store     INTEGER NOT NULL,
    reason          TEXT    NOT NULL,
    made_by         TEXT    NOT NULL,
    created_wall    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX shields_by_end ON shields (until_store);
