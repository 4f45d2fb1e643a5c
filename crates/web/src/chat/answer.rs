//! What stands below an answer: whose it is and when it came, and what a reader can do with it.

use std::collections::HashMap;

use askama::Template;
use kontor_agents::{Access, AgentName, LONGEST_FEEDBACK, Rating, Session};
use kontor_core::ids::{MemberId, TurnId};

use super::{
    fragments::rendered,
    room::Room,
    transcript::{Turn, TurnState},
};
use crate::show::{Shown, Viewer, instant};

/// What is around the answers of a session.
#[derive(Default)]
pub(crate) struct Around {
    /// The label of the agent that answers; empty where nothing is known of the session.
    agent: String,
    /// The labels of the agents that answered before it was that one's.
    others: HashMap<TurnId, String>,
    reader: Option<MemberId>,
    owner: Option<MemberId>,
    /// The names of others whose messages stand in it.
    names: HashMap<MemberId, String>,
    /// What the reader thinks of answers.
    feedback: HashMap<TurnId, (Rating, String)>,
    /// Whether the reader may send messages.
    may_send: bool,
    longest: usize,
}

#[derive(Template)]
#[template(path = "fragments/answer.html")]
struct AnswerFragment<'a> {
    turn: &'a Turn,
    agent: &'a str,
    when: Option<Shown>,
    rating: Option<Rating>,
    comment: &'a str,
    /// Whether it is the reader's own message, which can be changed and sent again.
    is_own: bool,
    is_failed: bool,
    csrf: &'a str,
    /// What the addresses of turns begin with.
    acts: &'a str,
    /// Nothing of it is kept, so that it is neither rated nor gone on with elsewhere.
    is_tryout: bool,
    longest: usize,
    longest_comment: usize,
}

impl Around {
    /// What is around the answers of a session for its reader.
    pub(crate) fn of(
        session: &Session,
        reader: Option<MemberId>,
        earlier: HashMap<TurnId, AgentName>,
        feedback: HashMap<TurnId, (Rating, String)>,
        longest: usize,
    ) -> Self {
        let others = session.member.iter().chain(session.shares.iter().map(|share| &share.member));
        let names = others.filter_map(|member| Some((member.id, member.name.clone()?))).collect();
        Self {
            agent: session.agent.as_ref().map_or_else(|| "Agent".to_owned(), |agent| agent.label.clone()),
            others: earlier.into_iter().map(|(turn, agent)| (turn, agent.label)).collect(),
            reader,
            owner: session.member.as_ref().map(|member| member.id).or(reader),
            names,
            feedback,
            may_send: session.access != Access::Read,
            longest,
        }
    }

    pub(crate) fn goes_to(&mut self, agent: &str) {
        agent.clone_into(&mut self.agent);
    }

    /// The label of the agent that answered a turn.
    fn agent_of<'a>(&'a self, turn: &'a Turn) -> &'a str {
        turn.agent.as_ref().or_else(|| self.others.get(&turn.id)).unwrap_or(&self.agent)
    }

    /// Who wrote a turn's message, where that is not the reader.
    pub(crate) fn writer(&self, turn: &Turn) -> Option<&str> {
        let by = turn.by.or(self.owner).filter(|by| Some(*by) != self.reader)?;
        Some(self.names.get(&by).map_or("Another member", String::as_str))
    }

    /// What stands below the answer of a turn that is over.
    pub(crate) fn tools(&self, turn: &Turn, viewer: &Viewer, csrf: &str, room: &Room) -> String {
        let is_over =
            matches!(turn.state, TurnState::Completed | TurnState::Failed(_) | TurnState::Cancelled);
        if self.agent.is_empty() || !is_over {
            return String::new();
        }
        let given = self.feedback.get(&turn.id);
        let fragment = AnswerFragment {
            turn,
            agent: self.agent_of(turn),
            when: turn.at.map(|at| instant(at, viewer.clock())),
            rating: given.map(|(rating, _)| *rating),
            comment: given.map_or("", |(_, comment)| comment),
            is_own: self.may_send && self.writer(turn).is_none() && turn.message != kontor_agents::GO_ON,
            is_failed: matches!(turn.state, TurnState::Failed(_)) && !turn.has_results(),
            csrf,
            acts: room.acts(),
            is_tryout: room.is_tryout(),
            longest: self.longest,
            longest_comment: LONGEST_FEEDBACK,
        };
        rendered(&fragment)
    }
}
