//! Which calls run at once, and which a person is asked about first.

use kontor_core::{operation::Effect, turn::ApprovalReason};

/// When an agent has to ask. What a person calls themselves is not asked about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApprovalPolicy {
    /// How many records an agent may change in a turn before a person is asked, and again after each approval of
    /// more. Each call that creates, changes, deletes or restores counts, one that does so to many records as many
    /// times. With 0 every change is asked about.
    pub unasked_changes: u32,
}

impl Default for ApprovalPolicy {
    fn default() -> Self {
        Self { unasked_changes: 10 }
    }
}

/// What people have said to a call, or to the turn it belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Consent {
    /// The caller is who decides, and wants it.
    Own,
    /// A person was asked about this call and agreed.
    Given,
    /// Nobody was asked about this call.
    NotAsked {
        /// The records that the turn has changed until now.
        changed: u32,
        /// Those since a person last agreed to more changes, or since the turn began.
        unasked: u32,
    },
}

/// What is to become of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    Allow,
    Ask(ApprovalReason),
}

impl ApprovalPolicy {
    /// Decides on a call that has this effect and changes so many records at most.
    pub fn decide(&self, effect: Effect, records: u32, consent: &Consent) -> Decision {
        let Consent::NotAsked { changed, unasked } = *consent else { return Decision::Allow };
        match effect {
            Effect::Read => Decision::Allow,
            Effect::Destructive => Decision::Ask(ApprovalReason::Destructive),
            Effect::External => Decision::Ask(ApprovalReason::Outside),
            Effect::Write if unasked.saturating_add(records) > self.unasked_changes => {
                Decision::Ask(ApprovalReason::ManyChanges { changed, allows: self.unasked_changes })
            }
            Effect::Write => Decision::Allow,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_agent_asks_before_it_deletes_reaches_outside_or_changes_much() {
        let policy = ApprovalPolicy { unasked_changes: 3 };
        let unasked = |unasked| Consent::NotAsked { changed: 7, unasked };
        let decide = |effect, records, consent| policy.decide(effect, records, &consent);
        assert_eq!(decide(Effect::Read, 9, unasked(9)), Decision::Allow);
        assert_eq!(decide(Effect::Write, 1, unasked(2)), Decision::Allow);
        let many = ApprovalReason::ManyChanges { changed: 7, allows: 3 };
        assert_eq!(decide(Effect::Write, 2, unasked(2)), Decision::Ask(many));
        assert_eq!(decide(Effect::Write, u32::MAX, unasked(3)), Decision::Ask(many));
        assert_eq!(decide(Effect::Destructive, 1, unasked(0)), Decision::Ask(ApprovalReason::Destructive));
        assert_eq!(decide(Effect::External, 0, unasked(0)), Decision::Ask(ApprovalReason::Outside));
        for effect in [Effect::Read, Effect::Write, Effect::Destructive, Effect::External] {
            assert_eq!(decide(effect, 99, Consent::Own), Decision::Allow);
            assert_eq!(decide(effect, 99, Consent::Given), Decision::Allow);
        }
    }
}
