//! How the engines run the statements that a large workspace runs most: along which index, and in one pass.

use kontor_core::{
    caller::Caller,
    environment::Environment,
    grants::{Action, Grants, ObjectGrant, RowRule},
    metadata::Name,
};
use kontor_crm::{
    Crm,
    records::{self, Aggregate, BatchInput, Function, GroupQuery, ListQuery},
};
use kontor_store::{
    Dialect, Statement, Store, both_engines,
    testing::{TestStore, keep_statements, kept_plans},
};
use sea_query::Values;
use serde_json::{Value as Json, json};

use crate::support::{Fixture, Writes as _, map};

/// A statement that has no form in the builder.
struct Raw(&'static str);

impl Statement for Raw {
    fn render(&self, _: Dialect) -> (String, Values) {
        (self.0.to_owned(), Values(Vec::new()))
    }
}

/// 6,000 contacts, of which 75 have churned, of eight accounts.
async fn filled(store: &TestStore) -> Fixture {
    let fixture = Fixture::new(store).await;
    let mut accounts = Vec::new();
    for n in 0..8 {
        let account = json!({ "name": format!("Account {n}"), "industry": "MANUFACTURING" });
        accounts.push(fixture.create("account", account).await.id);
    }
    for batch in 0..30 {
        let contacts = (0..200).map(|n| {
            let place = batch * 200 + n;
            let lifecycle = if place % 80 == 0 { "CHURNED" } else { "CUSTOMER" };
            let mut contact = map(json!({
                "name": format!("{} Person{place}", ["Mia", "Hugo", "Vera"][place % 3]),
                "lifecycle": lifecycle, "lead_score": (place + 50) % 101, "account": accounts[place % 8],
                "address": { "city": format!("City {}", place % 40) },
            }));
            if place % 50 == 7 {
                contact.insert("owner".to_owned(), Json::Null);
            }
            contact
        });
        fixture.crm.batch(&fixture.ada, "contact", BatchInput::Create(contacts.collect())).await.unwrap();
    }
    fixture
}

/// The same, opened again after the engine has counted what is in it.
async fn analyzed(store: &TestStore, fixture: &Fixture) -> Fixture {
    let analyze = fixture.crm.write(&fixture.ada, (), |work, ()| {
        Box::pin(async move { Ok(work.tx.execute(&Raw("ANALYZE")).await.map(drop)?) })
    });
    analyze.await.unwrap();
    let again = Store::open(store.config(), Environment::system()).await.unwrap();
    let crm = Crm::new(again, Environment::system());
    let operations = fixture.operations.clone();
    Fixture {
        crm,
        operations,
        workspace: fixture.workspace,
        member: fixture.member,
        ada: fixture.ada.clone(),
    }
}

/// The plan of the statement that finds a page of a list, the first or the second.
async fn listed(fixture: &Fixture, caller: &Caller, filter: &Json, sort: &str, second: bool) -> String {
    let filter = (!filter.is_null()).then(|| filter.clone());
    let query = ListQuery { filter, sort: Some(sort.to_owned()), ..ListQuery::default() };
    let plans = fixture.crm.read(caller, query, move |work, query| {
        Box::pin(async move {
            let mut query = query.clone();
            let object = work.schema.object("contact").unwrap().clone();
            if second {
                query.after = Some(records::list(work, &object, &query).await?.next.unwrap());
            }
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
        let counted = analyzed(&store, &fixture).await;
        let (name, lifecycle, score, owner) = (
            "record_contact_name_full_folded_idx",
            "record_contact_lifecycle_idx",
            "record_contact_lead_score_idx",
            "record_contact_owner_id_idx",
        );
        let customers = || json!({ "lifecycle": { "eq": "CUSTOMER" } });
        let few = || json!({ "lifecycle": { "eq": "CHURNED" } });
        let scored = |range: Json| json!({ "lead_score": range });
        let both = || json!({ "and": [scored(json!({ "gte": 10 })), few()] });
        let everywhere = [
            (json!(null), "name", name),
            (customers(), "name", name),
            (few(), "name", lifecycle),
            (few(), "", lifecycle),
            (both(), "-lead_score", lifecycle),
            (scored(json!({ "gte": 50 })), "-lead_score", score),
            (scored(json!({ "gte": 1 })), "name", name),
        ];
        // What PostgreSQL thinks of these depends on more than is said here.
        let on_sqlite = [
            (both(), "name", lifecycle),
            (scored(json!({ "gt": 99 })), "name", score),
            (scored(json!({ "gte": 50, "lte": 51 })), "", score),
            (scored(json!({ "gte": 50, "lte": 51 })), "name", score),
            (json!({ "and": [customers(), scored(json!({ "gte": 99 }))] }), "-lead_score", score),
            (json!({ "and": [customers(), { "owner": { "is_empty": true } }] }), "", owner),
        ];
        let dialect = store.workspace(fixture.workspace).await.unwrap().dialect();
        let on_sqlite = on_sqlite.into_iter().filter(|_| dialect == Dialect::Sqlite);
        for (filter, sort, index) in everywhere.into_iter().chain(on_sqlite) {
            let plan = listed(&counted, &fixture.ada, &filter, sort, false).await;
            assert!(goes_by(&plan, index), "{filter} by {sort:?}, counted:\n{plan}");
            if dialect == Dialect::Sqlite {
                let plan = listed(&fixture, &fixture.ada, &filter, sort, false).await;
                assert!(goes_by(&plan, index), "{filter} by {sort:?}:\n{plan}");
            }
        }
        let mine = RowRule::new(&json!({ "owner": { "eq": "$me" } }));
        let grant = ObjectGrant::everything().for_rows(Action::Read, mine);
        let ruled = fixture.with(Grants::everything().with_object(Name::literal("contact"), grant));
        let plan = listed(&counted, &ruled, &few(), "name", false).await;
        assert!(goes_by(&plan, lifecycle), "beside a rule on rows:\n{plan}");
        let plan = listed(&counted, &fixture.ada, &few(), "name", true).await;
        assert!(goes_by(&plan, lifecycle), "the second page:\n{plan}");
        let plan = listed(&counted, &fixture.ada, &customers(), "name", true).await;
        assert!(goes_by(&plan, name), "the second page:\n{plan}");
    }

    async fn groups_and_their_figures_take_one_pass(store: TestStore) {
        let fixture = filled(&store).await;
        let fixture = analyzed(&store, &fixture).await;
        let average = Aggregate::Of(Function::Avg, "lead_score".to_owned());
        let cases = [
            (vec!["lifecycle"], vec![]),
            (vec!["address.city"], vec![average.clone()]),
            (vec!["account.industry"], vec![average, Aggregate::Count("owner".to_owned())]),
        ];
        for (by, aggregates) in cases {
            let by: Vec<_> = by.into_iter().map(str::to_owned).collect();
            let query = GroupQuery { by, aggregates, ..GroupQuery::default() };
            let plans = fixture.crm.read(&fixture.ada, query, |work, query| {
                Box::pin(async move {
                    let object = work.schema.object("contact").unwrap().clone();
                    keep_statements(work.tx);
                    records::group(work, &object, query).await?;
                    Ok(kept_plans(work.tx).await?)
                })
            });
            let plans = plans.await.unwrap();
            let reading = ["SCAN r0", "SEARCH r0", "on record_contact r0"];
            let reads = |line: &&str| reading.iter().any(|words| line.contains(words));
            let passes = plans.iter().flat_map(|plan| plan.lines()).filter(reads).count();
            assert_eq!((plans.len(), passes), (1, 1), "{plans:#?}");
        }
    }
}
