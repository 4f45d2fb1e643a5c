//! How the engines run the statements that a large workspace runs most: along which index, and in one pass.

use kontor_crm::records::{self, Aggregate, BatchInput, Function, GroupQuery, ListQuery};
use kontor_store::{
    Dialect, Statement, both_engines,
    testing::{TestStore, keep_statements, kept_plans},
};
use sea_query::Values;
use serde_json::{Value as Json, json};

use crate::support::{Fixture, map};

/// A statement that has no form in the builder.
struct Raw(&'static str);

impl Statement for Raw {
    fn render(&self, _: Dialect) -> (String, Values) {
        (self.0.to_owned(), Values(Vec::new()))
    }
}

/// 2,400 contacts, of which three have churned, of accounts of eight industries.
async fn filled(store: &TestStore) -> Fixture {
    let fixture = Fixture::new(store).await;
    let mut accounts = Vec::new();
    for n in 0..8 {
        let account = json!({ "name": format!("Account {n}"), "industry": "MANUFACTURING" });
        accounts.push(fixture.create("account", account).await.id);
    }
    for batch in 0..12 {
        let contacts = (0..200).map(|n| {
            let place = batch * 200 + n;
            let lifecycle = if place % 800 == 0 { "CHURNED" } else { "CUSTOMER" };
            map(json!({
                "name": format!("{} Person{place}", ["Mia", "Hugo", "Vera"][place % 3]),
                "lifecycle": lifecycle, "lead_score": (place + 50) % 100, "account": accounts[place % 8],
                "address": { "city": format!("City {}", place % 40) },
            }))
        });
        fixture.crm.batch(&fixture.ada, "contact", BatchInput::Create(contacts.collect())).await.unwrap();
    }
    let analyze = fixture.crm.write(&fixture.ada, |work| {
        Box::pin(async move {
            if work.tx.dialect() == Dialect::Postgres {
                work.tx.execute(&Raw("ANALYZE")).await?;
            }
            Ok(())
        })
    });
    analyze.await.unwrap();
    fixture
}

/// The plan of the statement that finds the page of a list.
async fn listed(fixture: &Fixture, filter: Json, sort: &'static str) -> String {
    let filter = (!filter.is_null()).then_some(filter);
    let query = ListQuery { filter, sort: Some(sort.to_owned()), ..ListQuery::default() };
    let plans = fixture.crm.read(&fixture.ada, move |work| {
        let query = query.clone();
        Box::pin(async move {
            let object = work.schema.object("contact").unwrap().clone();
            keep_statements(work.tx);
            let page = records::list(work, &object, &query).await?;
            assert!(!page.records.is_empty());
            Ok(kept_plans(work.tx).await?)
        })
    });
    // What comes before it counts the rows of conditions.
    plans.await.unwrap().pop().unwrap()
}

/// Whether the plan reaches the listed records by this index.
fn goes_by(plan: &str, index: &str) -> bool {
    plan.lines().any(|line| line.contains(index) && (line.contains(" r0") || line.contains("on record")))
}

both_engines! {
    async fn a_list_goes_by_the_index_that_reads_the_fewest_rows(store: TestStore) {
        let fixture = filled(&store).await;
        let customers = || json!({ "lifecycle": { "eq": "CUSTOMER" } });
        let few = || json!({ "lifecycle": { "eq": "CHURNED" } });
        let scores = || json!({ "lead_score": { "gte": 50 } });
        let both = || json!({ "and": [{ "lead_score": { "gte": 10 } }, few()] });
        let cases = [
            (json!(null), "name", "record_contact_name_full_folded_idx"),
            (customers(), "name", "record_contact_name_full_folded_idx"),
            (few(), "name", "record_contact_lifecycle_idx"),
            (few(), "", "record_contact_lifecycle_idx"),
            (both(), "name", "record_contact_lifecycle_idx"),
            (both(), "-lead_score", "record_contact_lifecycle_idx"),
            (scores(), "-lead_score", "record_contact_lead_score_idx"),
            (json!({ "lead_score": { "gte": 1 } }), "name", "record_contact_name_full_folded_idx"),
        ];
        for (filter, sort, index) in cases {
            let plan = listed(&fixture, filter.clone(), sort).await;
            assert!(goes_by(&plan, index), "{filter} by {sort:?}:\n{plan}");
        }
    }

    async fn groups_and_their_figures_take_one_pass(store: TestStore) {
        let fixture = filled(&store).await;
        let average = Aggregate::Of(Function::Avg, "lead_score".to_owned());
        let cases = [
            (vec!["lifecycle"], vec![]),
            (vec!["address.city"], vec![average.clone()]),
            (vec!["account.industry"], vec![average, Aggregate::Count("owner".to_owned())]),
        ];
        for (by, aggregates) in cases {
            let by: Vec<_> = by.into_iter().map(str::to_owned).collect();
            let query = GroupQuery { by, aggregates, ..GroupQuery::default() };
            let plans = fixture.crm.read(&fixture.ada, move |work| {
                let query = query.clone();
                Box::pin(async move {
                    let object = work.schema.object("contact").unwrap().clone();
                    keep_statements(work.tx);
                    records::group(work, &object, &query).await?;
                    Ok(kept_plans(work.tx).await?)
                })
            });
            let plans = plans.await.unwrap();
            let reads = |line: &&str| [" r0", "on record_contact "].iter().any(|words| line.contains(words));
            let passes = plans.iter().flat_map(|plan| plan.lines()).filter(reads).count();
            assert_eq!((plans.len(), passes), (1, 1), "{plans:#?}");
        }
    }
}
