-- How many calls wait for a member's word is shown with every page.
CREATE INDEX approvals_waiting ON approvals (member_id) WHERE status = 'pending';
