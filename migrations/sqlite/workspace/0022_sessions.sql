-- Chats that are shared, forked, and deleted but kept for some days.
ALTER TABLE sessions ADD COLUMN is_shared INTEGER NOT NULL DEFAULT 0;
ALTER TABLE sessions ADD COLUMN forked_from BLOB;
ALTER TABLE sessions ADD COLUMN deleted_at INTEGER;

CREATE INDEX sessions_deleted ON sessions (deleted_at) WHERE deleted_at IS NOT NULL;

-- Who keeps a chat at the top of the list.
CREATE TABLE session_pins (
    session_id BLOB NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    member_id BLOB NOT NULL,
    PRIMARY KEY (session_id, member_id)
) STRICT;

CREATE INDEX session_pins_by_member ON session_pins (member_id, session_id);

CREATE TABLE session_shares (
    session_id BLOB NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    member_id BLOB NOT NULL,
    access TEXT NOT NULL,
    shared_at INTEGER NOT NULL,
    PRIMARY KEY (session_id, member_id)
) STRICT;

CREATE INDEX session_shares_by_member ON session_shares (member_id, session_id);

-- The words of what was said in a chat, up to a number of its log: brought up to date when somebody searches.
CREATE TABLE session_words (
    session_id BLOB PRIMARY KEY NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    through_seq INTEGER NOT NULL,
    words TEXT NOT NULL
) STRICT;

-- What members think of answers.
CREATE TABLE turn_feedback (
    turn_id BLOB NOT NULL REFERENCES turns (id) ON DELETE CASCADE,
    member_id BLOB NOT NULL,
    rating TEXT NOT NULL,
    comment TEXT NOT NULL,
    given_at INTEGER NOT NULL,
    PRIMARY KEY (turn_id, member_id)
) STRICT;

CREATE INDEX turn_feedback_by_time ON turn_feedback (given_at, turn_id, member_id);

-- The prompts and tools that models were sent, each once however often it was.
CREATE TABLE sent_texts (
    digest TEXT PRIMARY KEY NOT NULL,
    text TEXT NOT NULL,
    seen_at INTEGER NOT NULL
) STRICT;

CREATE INDEX sent_texts_by_age ON sent_texts (seen_at);
