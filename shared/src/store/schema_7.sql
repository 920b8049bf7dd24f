-- Version 7. What can be taken back is listed at each change of the store, also while an import writes a
-- hundred thousand entries: by acts that stand alone, and by the first of those that are taken back together.

CREATE INDEX undo_alone ON undo (until_store) WHERE batch IS NULL AND state = 'open';
DROP INDEX undo_by_batch;
CREATE INDEX undo_together ON undo (batch, id, until_store) WHERE batch IS NOT NULL AND state = 'open';
