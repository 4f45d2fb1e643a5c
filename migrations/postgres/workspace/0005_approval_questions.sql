-- Why a person is asked, and about which record as it was before the turn: JSON.
ALTER TABLE approvals ADD COLUMN question TEXT;
