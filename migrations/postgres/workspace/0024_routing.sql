-- A session whose agent is chosen when its first turn begins; until then its agent is only the one that could be.
ALTER TABLE sessions ADD COLUMN awaits_agent boolean NOT NULL DEFAULT false;
-- Why a session is with its agent, where that is not the one that it was begun with by name.
ALTER TABLE sessions ADD COLUMN routing text;

-- The agent that a turn began with, which stays so when its session goes to another.
ALTER TABLE turns ADD COLUMN agent_id uuid;
UPDATE turns SET agent_id = (SELECT s.agent_id FROM sessions s WHERE s.id = turns.session_id)
    WHERE started_at IS NOT NULL;
