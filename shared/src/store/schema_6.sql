-- The helpdesk unlocks an account a few times a day and no more.

-- When, on the store's own clock. An account has as many rows as it may be unlocked in a day, at most.
CREATE TABLE helpdesk_unlocks (
    id              INTEGER PRIMARY KEY,
    account         INTEGER NOT NULL REFERENCES accounts(id),
    at_store        INTEGER NOT NULL
) STRICT;
CREATE INDEX helpdesk_unlocks_by_account ON helpdesk_unlocks(account, at_store);
