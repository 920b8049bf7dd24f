-- Version 5. Acts on accounts: an administrator's lock, notices to an address that may be gone by the
-- time they are sent, and what takes an act back.

-- When an administrator locked the account, for people. Unlocking clears it.
ALTER TABLE accounts ADD COLUMN held_wall INTEGER;

-- Where a notice goes, if not to where the account's codes go.
ALTER TABLE outbox ADD COLUMN recipient TEXT;

-- Acts that can be taken back, for ten minutes of the store's own clock. `back` is what does it, as
-- JSON; `version_after` the account's version while nobody changed it since.
CREATE TABLE undo (
    id              INTEGER PRIMARY KEY,
    account         INTEGER REFERENCES accounts (id),
    kind            TEXT    NOT NULL,
    actor           TEXT    NOT NULL,
    back            TEXT    NOT NULL,
    version_before  INTEGER NOT NULL,
    version_after   INTEGER NOT NULL,
    batch           INTEGER,
    undoes          INTEGER,
    state           TEXT    NOT NULL CHECK (state IN ('open', 'taken')),
    until_store     INTEGER NOT NULL,
    at_wall         INTEGER NOT NULL
) STRICT;
CREATE INDEX undo_by_account ON undo (account, version_after) WHERE state = 'open';
CREATE INDEX undo_by_batch ON undo (batch) WHERE batch IS NOT NULL;
CREATE INDEX undo_by_end ON undo (until_store);
