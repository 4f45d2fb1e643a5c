-- The last summary of a session's earlier turns is found at once in a log of any length.
CREATE INDEX session_events_summaries ON session_events (session_id, seq) WHERE name = 'history.summarized';
