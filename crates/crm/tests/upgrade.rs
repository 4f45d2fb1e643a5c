//! A workspace that an older version made works on.

use kontor_core::{
    environment::Environment,
    metadata::{Field, FieldKind, Object, PRINCIPAL, TextFormat},
};
use kontor_crm::{
    Crm,
    records::{BatchInput, BatchUpdate, ListQuery},
};
use kontor_store::{Dialect, Statement, Store, StoreConfig, both_engines, testing::TestStore};
use sea_query::{Expr, ExprTrait as _, Query, Values};
use serde_json::{Value as Json, json};

use crate::support::{Fixture, Writes as _, issues, labels, map, problem};

struct Sql(String);

impl Statement for Sql {
    fn render(&self, _: Dialect) -> (String, Values) {
        (self.0.clone(), Values(Vec::new()))
    }
}

/// The columns that the first versions had are not among these.
fn later_columns(object: &Object) -> Vec<String> {
    let is_later = |field: &Field, part: &str| match &field.kind {
        FieldKind::Text { format } => *format != TextFormat::Line,
        FieldKind::FullName => part != "full",
        FieldKind::Address => part != "city",
        _ => true,
    };
    let columns = object.fields.iter().flat_map(|field| {
        let folded =
            field.columns().into_iter().filter(|column| column.is_folded || column.part == PRINCIPAL);
        folded.filter(move |column| is_later(field, column.part)).map(|column| column.name)
    });
    columns.collect()
}

/// Takes back what the steps make.
async fn as_an_older_version_left_it(fixture: &Fixture, store: &TestStore) {
    let schema = fixture.crm.schema(fixture.workspace).await.unwrap();
    let namespace = store.workspace(fixture.workspace).await.unwrap();
    let undone = namespace.alter(schema, |tx, schema| {
        Box::pin(async move {
            let mut statements = vec!["DELETE FROM claimed_values".to_owned()];
            for index in
                ["contact_phones_primary_folded", "lead_phones_primary_folded", "lead_emails_primary"]
            {
                statements.push(format!("DROP INDEX record_{index}_idx"));
            }
            for object in schema.objects() {
                for column in later_columns(object) {
                    statements.push(format!("ALTER TABLE {} DROP COLUMN {column}", object.table()));
                }
            }
            for statement in statements {
                tx.execute(&Sql(statement)).await?;
            }
            for object in schema.objects() {
                let older = Object { pipeline: None, fields: Vec::new(), ..Object::clone(object) };
                let written = Query::update()
                    .table(tx.table("metadata_objects"))
                    .value("definition", serde_json::to_string(&older).unwrap())
                    .and_where(Expr::col("id").eq(object.id.as_uuid()))
                    .to_owned();
                tx.execute(&written).await?;
                for field in &object.fields {
                    let is_indexed =
                        field.is_indexed && !matches!(field.kind, FieldKind::Phones | FieldKind::Emails);
                    let older = Field { is_never_negative: false, is_indexed, ..field.clone() };
                    let written = Query::update()
                        .table(tx.table("metadata_fields"))
                        .value("definition", serde_json::to_string(&older).unwrap())
                        .and_where(Expr::col("id").eq(field.id.as_uuid()))
                        .to_owned();
                    tx.execute(&written).await?;
                }
            }
            Ok::<_, kontor_store::Error>(())
        })
    });
    undone.await.unwrap();
}

both_engines! {
    async fn an_older_workspace_gets_its_columns_indexes_rules_and_claims(store: TestStore) {
        let fixture = Fixture::new(&store).await;
        let emails = json!({ "primary": "jane@one.test", "additional": ["jane@two.test"] });
        let contact = json!({ "name": { "first": "Jané", "last": "Roe" }, "emails": emails, "phones": "+49 (0)30 1234" });
        let jane = fixture.create("contact", contact).await.id;
        fixture.create("account", json!({ "name": "Acme", "address": { "country": "Germany" } })).await;
        fixture.create("lead", json!({ "name": "Lea", "emails": "lea@one.test" })).await;
        let deal = fixture.create("deal", json!({ "name": "D", "amount": 5 })).await.id;
        let gone = json!({ "name": "Gone", "emails": "gone@one.test" });
        let gone = fixture.create("contact", gone).await.id;
        fixture.crm.delete(&fixture.ada, "contact", gone).await.unwrap();
        as_an_older_version_left_it(&fixture, &store).await;

        let config = StoreConfig { data_steps: kontor_crm::data_steps(), ..store.config() };
        // The second opening has nothing left to do.
        for _ in 0..2 {
            let again = Store::open(config.clone(), Environment::system()).await.unwrap();
            let crm = Crm::new(again.clone(), Environment::system());
            for (object, filter, label) in [
                ("contact", json!({ "name.first": { "eq": "JANE" } }), "Jané Roe"),
                ("contact", json!({ "phones": { "eq": "0049 30 1234" } }), "Jané Roe"),
                ("contact", json!({ "created_by": { "eq": "ada brandt" } }), "Jané Roe"),
                ("account", json!({ "address.country": { "eq": "germany" } }), "Acme"),
            ] {
                let query = ListQuery { filter: Some(filter.clone()), ..ListQuery::default() };
                assert_eq!(labels(&crm.list(&fixture.ada, object, query).await.unwrap()), [label], "{filter}");
            }
            let refused = async |object: &str, fields: Json| {
                let found = problem(crm.create(&fixture.ada, object, map(fields)).await);
                issues(&found).into_iter().map(|(path, code)| format!("{path} {code}")).collect::<Vec<_>>()
            };
            for address in ["jane@one.test", "Jane@two.test"] {
                let other = json!({ "name": "Other", "emails": { "additional": [address] } });
                assert_eq!(refused("contact", other).await, ["emails duplicate_value"]);
            }
            assert_eq!(refused("deal", json!({ "name": "D", "amount": -1 })).await, ["amount out_of_range"]);
            let won = map(json!({ "stage": "CLOSED_WON", "probability": 10 }));
            let found = problem(crm.update(&fixture.ada, "deal", deal, won, None).await);
            assert_eq!(issues(&found), [("probability", "contradicts_stage")]);
            let schema = crm.schema(fixture.workspace).await.unwrap();
            for (object, field) in [("contact", "phones"), ("lead", "phones"), ("lead", "emails")] {
                assert!(schema.object(object).unwrap().field(field).unwrap().is_indexed, "{object} {field}");
            }
            again.close().await;
        }
        fixture.crm.restore(&fixture.ada, "contact", gone).await.unwrap();
        let free = map(json!({ "emails": "jane@three.test" }));
        fixture.crm.update(&fixture.ada, "contact", jane, free, None).await.unwrap();
        let other = json!({ "name": "Other", "emails": { "additional": ["jane@one.test"] } });
        fixture.create("contact", other).await;
    }

    async fn the_events_of_an_older_outbox_find_their_entries_in_the_timeline(store: TestStore) {
        let fixture = Fixture::new(&store).await;
        let account = fixture.create("account", json!({ "name": "Acme" })).await;
        let deal = fixture.create("deal", json!({ "name": "D", "account": account.id })).await.id;
        // Two changes of one record at one instant.
        let change = |amount: i64| BatchUpdate { id: deal, fields: map(json!({ "amount": amount })) };
        fixture.crm.batch(&fixture.ada, "deal", BatchInput::Update(vec![change(6), change(7)])).await.unwrap();
        let namespace = store.workspace(fixture.workspace).await.unwrap();
        let undone = namespace.alter((), |tx, ()| {
            Box::pin(async move {
                let number = if tx.dialect() == Dialect::Sqlite { "INTEGER" } else { "bigint" };
                for statement in [
                    format!("ALTER TABLE outbox_events ADD COLUMN happened_at {number}"),
                    format!("ALTER TABLE outbox_events ADD COLUMN transaction_number {number} NOT NULL DEFAULT 0"),
                    "ALTER TABLE outbox_events ADD COLUMN actor text".to_owned(),
                    "ALTER TABLE outbox_events ADD COLUMN changes text".to_owned(),
                    "UPDATE outbox_events SET happened_at = (SELECT t.happened_at FROM timeline_entries AS t \
                     WHERE t.record_id = outbox_events.record_id AND t.id = outbox_events.id)"
                        .to_owned(),
                    // An id of its own, which leads to no entry.
                    "UPDATE outbox_events SET id = record_id".to_owned(),
                    "DELETE FROM schema_migrations WHERE name LIKE '%outbox%'".to_owned(),
                ] {
                    tx.execute(&Sql(statement)).await?;
                }
                Ok::<_, kontor_store::Error>(())
            })
        });
        undone.await.unwrap();

        let again = Store::open(store.config(), Environment::system()).await.unwrap();
        let crm = Crm::new(again.clone(), Environment::system());
        let events = Fixture { crm, ..fixture }.outbox().await;
        let names: Vec<_> = events.iter().map(|event| event.name.as_str()).collect();
        assert_eq!(names, ["member.created", "account.created", "deal.created", "deal.updated", "deal.updated"]);
        let amounts = events[3..].iter().map(|event| &event.changes["amount"]["after"]["amount"]);
        assert_eq!(amounts.collect::<Vec<_>>(), [&json!(6), &json!(7)]);
        again.close().await;
    }
}
