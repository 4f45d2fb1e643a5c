//! Tryouts of prompts: who pays for them, how many there may be, and how long.

use std::{sync::Arc, time::Duration};

use kontor_agents::{BudgetScope, NewBudget, NewTryout, UsageBy, UsageQuery};
use kontor_core::{
    environment::{Environment, ManualClock, SystemRandom},
    error::Fault as _,
    turn::TurnEvent,
};
use kontor_evals::{
    sandbox::Settled,
    tryouts::{Tryout, TryoutLimits, Tryouts},
};
use kontor_identity::{MemberPatch, MemberStatus};
use kontor_store::{both_engines, testing::TestStore};
use kontor_testkit::scripted::{Script, ScriptedModel};
use tempfile::TempDir;

use crate::house::{House, PATIENCE, models, sandboxes};

async fn asked(tryout: &Tryout, message: &str) -> Settled {
    let sandbox = tryout.sandbox();
    let turn = sandbox.say(tryout.caller(), tryout.session(), message).await.unwrap();
    sandbox.settle(tryout.caller(), tryout.session(), turn, PATIENCE).await.unwrap()
}

fn problem(settled: &Settled) -> Option<String> {
    settled.events.iter().find_map(|logged| match &*logged.event {
        TurnEvent::TurnFailed { problem, .. } => Some(problem.code.to_string()),
        _ => None,
    })
}

both_engines! {
    async fn what_a_tryout_uses_up_counts_for_the_workspace_and_its_budgets(store: TestStore) {
        let server = ScriptedModel::with_rule(|_| Script::new().text("Hello.").usage(50, 5).finish("stop")).await.unwrap();
        let models = models(Some(&server.base_url()), &Environment::system());
        let house = House::new(&store, models.clone()).await;
        let folder = TempDir::new().unwrap();
        let tryouts = Tryouts::new(
            sandboxes(folder.path(), models), house.source.clone(), Environment::system(), TryoutLimits::default(),
        );
        let new = NewTryout { body: Some("You greet {{ member.name }}.".to_owned()), ..NewTryout::default() };
        let tryout = tryouts.begin(&house.ada, "sales-assistant", new).await.unwrap();
        let settled = asked(&tryout, "Hello").await;
        assert_eq!(problem(&settled), None);
        // The model was sent the prompt that is tried.
        assert!(server.requests()[0].to_string().contains("You greet Ada Brandt."), "{:?}", server.requests()[0]);
        let agents = &house.source.agents;
        let used = agents.usage(&house.ada, UsageQuery::by(UsageBy::Agent)).await.unwrap();
        assert_eq!((used.total.input_tokens, used.total.output_tokens), (50, 5));
        assert_eq!(used.groups.len(), 1);

        // What the workspace has left bounds it.
        let budget = NewBudget { tokens: Some(100), cost_micros: None };
        agents.set_budget(&house.ada, BudgetScope::Workspace, None, budget).await.unwrap();
        assert_eq!(problem(&asked(&tryout, "Hello again").await), None);
        assert_eq!(problem(&asked(&tryout, "And again").await).as_deref(), Some("budget_reached"));
        assert_eq!(server.violations(), Vec::<String>::new());
        drop(tryout);
        tryouts.close().await;
        assert_eq!(server.requests().len(), 2);
    }

    async fn a_member_has_few_and_those_that_nobody_uses_end(store: TestStore) {
        let clock = Arc::new(ManualClock::at(Environment::system().now()));
        let environment = Environment::new(clock.clone(), Arc::new(SystemRandom));
        let house = House::new(&store, models(None, &Environment::system())).await;
        let folder = TempDir::new().unwrap();
        let limits = TryoutLimits { of_member: 2, of_workspace: 3, ..TryoutLimits::default() };
        let made = sandboxes(folder.path(), models(None, &Environment::system()));
        let tryouts = Tryouts::new(made, house.source.clone(), environment, limits);
        let agent = "sales-assistant";
        let begin = async || tryouts.begin(&house.ada, agent, NewTryout::default()).await.map(|tryout| tryout.id());
        let first = begin().await.unwrap();
        clock.advance(Duration::from_secs(1));
        let second = begin().await.unwrap();
        clock.advance(Duration::from_secs(1));
        tryouts.find(&house.ada, agent, first).await.unwrap();
        let third = begin().await.unwrap();
        // The one that was used longest ago made room.
        assert_eq!(tryouts.find(&house.ada, agent, second).await.err().unwrap().problem().code, "tryout_not_found");
        assert_eq!(tryouts.list(&house.ada, agent).await.unwrap().len(), 2);
        let bob = house.member("Bob Stone", "Admin").await;
        assert!(tryouts.find(&bob, agent, first).await.is_err(), "it is another's");
        tryouts.begin(&bob, agent, NewTryout::default()).await.unwrap();
        let eve = house.member("Eve Lang", "Admin").await;
        let refused = tryouts.begin(&eve, agent, NewTryout::default()).await.err().unwrap().problem();
        assert_eq!(refused.code, "too_many_tryouts");

        clock.advance(limits.idle / 2);
        tryouts.find(&house.ada, agent, third).await.unwrap();
        clock.advance(limits.idle / 2);
        tryouts.tidy().await;
        assert!(tryouts.find(&house.ada, agent, first).await.is_err());
        tryouts.find(&house.ada, agent, third).await.unwrap();
        for _ in 0..8 {
            clock.advance(limits.idle - Duration::from_secs(1));
            let _ = tryouts.find(&house.ada, agent, third).await;
        }
        assert!(tryouts.find(&house.ada, agent, third).await.is_err(), "it has lasted as long as it may");
        tryouts.tidy().await;
        let process = std::fs::read_dir(folder.path()).unwrap().next().unwrap().unwrap().path();
        assert_eq!(std::fs::read_dir(process).unwrap().count(), 1, "the lock alone is left");
    }

    async fn tryouts_that_a_member_begins_at_the_same_time_are_bounded_as_well(store: TestStore) {
        let house = House::new(&store, models(None, &Environment::system())).await;
        let folder = TempDir::new().unwrap();
        let limits = TryoutLimits { of_member: 2, of_workspace: 20, ..TryoutLimits::default() };
        let made = sandboxes(folder.path(), models(None, &Environment::system()));
        let tryouts = Tryouts::new(made, house.source.clone(), Environment::system(), limits);
        let begin = || tryouts.begin(&house.ada, "sales-assistant", NewTryout::default());
        begin().await.unwrap();
        let begun = futures::future::join_all(std::iter::repeat_with(begin).take(6)).await;
        let refused: Vec<_> = begun.iter().filter_map(|begun| Some(begun.as_ref().err()?.problem().code)).collect();
        assert!(refused.iter().all(|code| *code == "too_many_tryouts"), "{refused:?}");
        assert!(begun.iter().any(Result::is_ok));
        drop(begun);
        assert!(tryouts.list(&house.ada, "sales-assistant").await.unwrap().len() <= 2);
        let process = std::fs::read_dir(folder.path()).unwrap().next().unwrap().unwrap().path();
        assert!(std::fs::read_dir(process).unwrap().count() <= 3, "the lock, and a copy for each tryout");
    }

    async fn a_tryout_ends_with_the_rights_or_the_membership_of_whose_it_is(store: TestStore) {
        let house = House::new(&store, models(None, &Environment::system())).await;
        let folder = TempDir::new().unwrap();
        let made = sandboxes(folder.path(), models(None, &Environment::system()));
        let tryouts = Tryouts::new(made, house.source.clone(), Environment::system(), TryoutLimits::default());
        let agent = "sales-assistant";
        let copies = || {
            let process = std::fs::read_dir(folder.path()).unwrap().next().unwrap().unwrap().path();
            std::fs::read_dir(process).unwrap().count() - 1
        };
        let bob = house.member("Bob Stone", "Admin").await;
        let eve = house.member("Eve Lang", "Admin").await;
        tryouts.begin(&house.ada, agent, NewTryout::default()).await.unwrap();
        tryouts.begin(&bob, agent, NewTryout::default()).await.unwrap();
        let of_eve = tryouts.begin(&eve, agent, NewTryout::default()).await.unwrap().id();
        tryouts.tidy().await;
        assert_eq!(copies(), 3, "all may have theirs");

        let identity = &house.source.identity;
        let inactive = MemberPatch { status: Some(MemberStatus::Inactive), ..MemberPatch::default() };
        identity.change_member(&house.ada, bob.member().unwrap(), inactive, None).await.unwrap();
        tryouts.tidy().await;
        assert_eq!(copies(), 2, "who cannot act any more does not ask for it");

        let role = MemberPatch { role: Some("Viewer".to_owned()), ..MemberPatch::default() };
        identity.change_member(&house.ada, eve.member().unwrap(), role, None).await.unwrap();
        let eve = identity.caller_of_member(house.workspace, eve.member().unwrap()).await.unwrap();
        assert_eq!(tryouts.find(&eve, agent, of_eve).await.err().unwrap().problem().code, "not_permitted");
        assert_eq!(copies(), 1, "asked for, it ends at once");
    }
}
