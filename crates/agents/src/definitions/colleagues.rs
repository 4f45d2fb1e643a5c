//! Which other agents an agent may ask, and hand a conversation over to.

use kontor_core::{caller::Caller, error::Issue, text};

use crate::{
    definition::{Agent, Definition},
    engine::Agents,
    error::Error,
    rows::agents,
};

/// Agents that one may ask, or hand over to.
const MOST: usize = 10;

impl Agents {
    /// All that is wrong with the agents that a definition names beside those that it named before: one of those may be
    /// gone since, and is then not asked.
    ///
    /// # Errors
    /// Where the role of one that is new allows more than the caller may do: nobody makes use of more than their own by
    /// another's agent.
    pub(super) async fn issues_of_colleagues(
        &self,
        caller: &Caller,
        own: &str,
        before: Option<&Definition>,
        definition: &Definition,
    ) -> Result<Vec<Issue>, Error> {
        let mut issues = Vec::new();
        let lists = [
            ("ask", &definition.ask, before.map(|before| &before.ask)),
            ("hand_to", &definition.hand_to, before.map(|before| &before.hand_to)),
        ];
        if lists.iter().all(|(_, names, before)| names.is_empty() || Some(*names) == *before) {
            return Ok(issues);
        }
        let namespace = self.namespace(caller.workspace).await?;
        let all: Vec<Agent> = namespace.read((), |tx, ()| Box::pin(agents::list(tx))).await?;
        for (path, names, before) in lists {
            if names.len() > MOST {
                issues.push(Issue::new(path, "too_many", format!("expected at most {MOST} agents")));
            }
            for (position, name) in names.iter().enumerate().take(MOST) {
                let wrong = |code, told: String| Issue::new(format!("{path}[{position}]"), code, told);
                if names.iter().take(position).any(|other| other == name) {
                    issues.push(wrong("twice", "this agent is named before".to_owned()));
                    continue;
                }
                if name == own {
                    issues.push(wrong("itself", "expected another agent".to_owned()));
                    continue;
                }
                if before.is_some_and(|before| before.contains(name)) {
                    continue;
                }
                match all.iter().find(|agent| agent.name == *name) {
                    Some(agent) => self.check_role(caller, &agent.definition.role).await?,
                    None => {
                        let near = text::suggestion(name, all.iter().map(|agent| agent.name.as_str()));
                        let told = format!("There is no agent {:?}.{near}", text::excerpt(name, 60));
                        issues.push(wrong("unknown_agent", told));
                    }
                }
            }
        }
        Ok(issues)
    }
}
