-- The other agents that an agent may ask, and hand a conversation over to: names, as JSON.
ALTER TABLE agent_versions ADD COLUMN ask TEXT NOT NULL DEFAULT '[]';
ALTER TABLE agent_versions ADD COLUMN hand_to TEXT NOT NULL DEFAULT '[]';
