-- How long to wait follows from the number of failures and the time of the last one.
ALTER TABLE sign_in_attempts DROP COLUMN blocked_until;
