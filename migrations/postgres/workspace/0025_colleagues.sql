-- The other agents that an agent may ask, and hand a conversation over to: names, as JSON.
ALTER TABLE agent_versions ADD COLUMN ask text COLLATE "C" NOT NULL DEFAULT '[]';
ALTER TABLE agent_versions ADD COLUMN hand_to text COLLATE "C" NOT NULL DEFAULT '[]';
