-- One hand-over at a time of each member. Of those that older servers let run beside another, the latest goes on.
UPDATE hand_overs SET
    state = 'failed',
    problem = 'Another hand-over of the same member was begun after it.',
    ended_at = begun_at
WHERE state = 'running' AND EXISTS (
    SELECT 1 FROM hand_overs AS later
    WHERE later.from_member = hand_overs.from_member AND later.state = 'running' AND later.id > hand_overs.id
);

CREATE UNIQUE INDEX IF NOT EXISTS hand_overs_running ON hand_overs (from_member) WHERE state = 'running';

-- The agent that had the turn when it was asked: the turn may have been handed over since.
ALTER TABLE approvals ADD COLUMN agent_id BLOB;
