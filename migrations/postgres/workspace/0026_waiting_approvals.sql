-- How many calls wait for a member's word is shown with every page.
CREATE INDEX approvals_waiting ON approvals (member_id) WHERE status = 'pending';

-- Whether records were left that whoever asked for a hand-over may not read: how many is not for them to know.
ALTER TABLE hand_overs ADD COLUMN has_hidden boolean NOT NULL DEFAULT false;
