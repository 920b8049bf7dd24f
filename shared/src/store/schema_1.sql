-- Version 1. Never edited once released: a later change is a later migration.
-- Times: *_wall is milliseconds since 1970 for people, *_store the store's own clock for windows,
-- *_boot CLOCK_BOOTTIME of the boot named beside it for lifetimes.

CREATE TABLE meta (
    key   TEXT PRIMARY KEY,
    value ANY NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE accounts (
    id              INTEGER PRIMARY KEY,
    name            TEXT    NOT NULL UNIQUE,
    uid             INTEGER NOT NULL,
    state           TEXT    NOT NULL CHECK (state IN ('active', 'disabled', 'removed')),
    failures_in_row INTEGER NOT NULL DEFAULT 0,
    success_store   INTEGER,
    success_wall    INTEGER,
    unlocked_store  INTEGER,
    language        TEXT,
    note            TEXT    NOT NULL DEFAULT '',
    created_wall    INTEGER NOT NULL,
    version         INTEGER NOT NULL DEFAULT 1
) STRICT;
CREATE INDEX accounts_by_uid ON accounts (uid);

CREATE TABLE addresses (
    id              INTEGER PRIMARY KEY,
    account         INTEGER NOT NULL REFERENCES accounts (id),
    address         TEXT    NOT NULL,
    limit_key       TEXT    NOT NULL,
    confirmed_wall  INTEGER,
    confirmed_by    TEXT CHECK (confirmed_by IN ('code', 'administrator')),
    confirm_id      BLOB,
    confirm_tag     BLOB,
    confirm_until   INTEGER,
    confirm_tries   INTEGER NOT NULL DEFAULT 0,
    created_wall    INTEGER NOT NULL,
    UNIQUE (account, limit_key)
) STRICT;

CREATE TABLE challenges (
    id              BLOB    PRIMARY KEY,
    account         INTEGER NOT NULL REFERENCES accounts (id),
    address         INTEGER REFERENCES addresses (id) ON DELETE SET NULL,
    service         TEXT    NOT NULL,
    host            TEXT    NOT NULL,
    source          TEXT    NOT NULL,
    conversation    INTEGER NOT NULL,
    reference       TEXT    NOT NULL,
    tag             BLOB    NOT NULL,
    boot_id         TEXT    NOT NULL,
    expires_boot    INTEGER NOT NULL,
    generation      INTEGER NOT NULL,
    tries           INTEGER NOT NULL DEFAULT 0,
    max_tries       INTEGER NOT NULL,
    used_wall       INTEGER,
    replaced        INTEGER NOT NULL DEFAULT 0,
    delivery        TEXT    NOT NULL CHECK (delivery IN ('running', 'accepted', 'failed')),
    delivery_until  INTEGER NOT NULL,
    accepted_wall   INTEGER,
    created_wall    INTEGER NOT NULL,
    created_store   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX challenges_live ON challenges (account, service, host, source, created_store)
    WHERE used_wall IS NULL AND replaced = 0;
CREATE INDEX challenges_by_account ON challenges (account);
CREATE INDEX challenges_by_age ON challenges (created_store);

-- The guess ledger. A row is written as wrong before the comparison and becomes right in the
-- transaction that consumes the code; none is ever deleted within a window.
CREATE TABLE guesses (
    id              INTEGER PRIMARY KEY,
    account         INTEGER NOT NULL REFERENCES accounts (id),
    factor          TEXT    NOT NULL CHECK (factor IN ('code', 'recovery', 'bypass', 'totp', 'text')),
    right           INTEGER NOT NULL DEFAULT 0,
    source          TEXT    NOT NULL,
    at_store        INTEGER NOT NULL,
    at_wall         INTEGER NOT NULL
) STRICT;
CREATE INDEX guesses_wrong ON guesses (account, factor, at_store) WHERE right = 0;
CREATE INDEX guesses_by_age ON guesses (at_store);

CREATE TABLE sends (
    id              INTEGER PRIMARY KEY,
    account         INTEGER NOT NULL REFERENCES accounts (id),
    challenge       BLOB,
    limit_key       TEXT    NOT NULL,
    source          TEXT    NOT NULL,
    state           TEXT    NOT NULL CHECK (state IN ('open', 'answered', 'failed')),
    at_store        INTEGER NOT NULL
) STRICT;
CREATE INDEX sends_open_by_account ON sends (account, at_store) WHERE state = 'open';
CREATE INDEX sends_open_by_address ON sends (limit_key, at_store) WHERE state = 'open';
CREATE INDEX sends_open_by_source  ON sends (source, at_store) WHERE state = 'open';
CREATE INDEX sends_by_address ON sends (limit_key, at_store);
CREATE INDEX sends_by_account ON sends (account, at_store);
CREATE INDEX sends_by_age ON sends (at_store);

CREATE TABLE recovery_codes (
    id              INTEGER PRIMARY KEY,
    account         INTEGER NOT NULL REFERENCES accounts (id),
    first_group     TEXT    NOT NULL,
    hash            TEXT    NOT NULL,
    used_wall       INTEGER,
    UNIQUE (account, first_group)
) STRICT;

-- A success from here within 30 days; the budget that goes with it comes later.
CREATE TABLE known_sources (
    account          INTEGER NOT NULL REFERENCES accounts (id),
    source           TEXT    NOT NULL,
    service          TEXT    NOT NULL,
    first_wall       INTEGER NOT NULL,
    last_wall        INTEGER NOT NULL,
    last_store       INTEGER NOT NULL,
    remembered_until INTEGER,
    PRIMARY KEY (account, source, service)
) STRICT, WITHOUT ROWID;
CREATE INDEX known_sources_by_age ON known_sources (last_store);

-- Helpers that wait at a prompt. A row whose process is gone is closed as lost by the next one.
CREATE TABLE conversations (
    id              INTEGER PRIMARY KEY,
    account         INTEGER REFERENCES accounts (id),
    user            TEXT    NOT NULL,
    service         TEXT    NOT NULL,
    source          TEXT    NOT NULL,
    host            TEXT    NOT NULL,
    boot_id         TEXT    NOT NULL,
    pid             INTEGER NOT NULL,
    pid_started     INTEGER NOT NULL,
    deadline_boot   INTEGER NOT NULL
) STRICT;
CREATE INDEX conversations_by_account ON conversations (account);

CREATE TABLE deliveries (
    id              INTEGER PRIMARY KEY,
    account         INTEGER REFERENCES accounts (id),
    challenge       BLOB,
    kind            TEXT    NOT NULL,
    relay           TEXT    NOT NULL,
    outcome         TEXT    NOT NULL,
    reply           TEXT    NOT NULL,
    message_id      TEXT    NOT NULL,
    millis          INTEGER NOT NULL,
    at_wall         INTEGER NOT NULL
) STRICT;
CREATE INDEX deliveries_by_account ON deliveries (account, id);
CREATE INDEX deliveries_by_age ON deliveries (at_wall);

-- Notices and alerts, written in the transaction of what they tell. Never a code.
CREATE TABLE outbox (
    id              INTEGER PRIMARY KEY,
    account         INTEGER NOT NULL REFERENCES accounts (id),
    kind            TEXT    NOT NULL,
    detail          TEXT    NOT NULL,
    state           TEXT    NOT NULL CHECK (state IN ('due', 'claimed', 'sent', 'failed')),
    tries           INTEGER NOT NULL DEFAULT 0,
    due_store       INTEGER NOT NULL,
    created_wall    INTEGER NOT NULL,
    created_store   INTEGER NOT NULL
) STRICT;
CREATE INDEX outbox_due ON outbox (due_store) WHERE state IN ('due', 'claimed');
CREATE INDEX outbox_by_account ON outbox (account, kind, created_store);
CREATE INDEX outbox_by_age ON outbox (created_store);

CREATE TABLE events (
    seq             INTEGER PRIMARY KEY,
    at_wall         INTEGER NOT NULL,
    kind            TEXT    NOT NULL,
    account         TEXT    NOT NULL,
    service         TEXT    NOT NULL,
    source          TEXT    NOT NULL,
    conversation    INTEGER NOT NULL,
    detail          TEXT    NOT NULL,
    hash            BLOB    NOT NULL
) STRICT;
CREATE INDEX events_by_account ON events (account, seq);
CREATE INDEX events_by_kind ON events (kind, seq);
