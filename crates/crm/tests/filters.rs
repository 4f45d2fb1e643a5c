//! Random filters and orders: both engines answer what the filter means in memory.

use std::{cmp::Ordering, collections::HashMap};

use kontor_core::{
    filter::{Related, Scalar, parse_filter},
    grants::Grants,
    ids::RecordId,
    metadata::{FieldKind, Name, Object, Schema},
    sort::parse_sort,
    time::Timestamp,
    value::{Value, Values},
};
use kontor_crm::records::{BatchInput, ListQuery, Record};
use kontor_store::{both_engines, testing::TestStore};
use proptest::{prelude::*, strategy::ValueTree as _};
use serde_json::{Value as Json, json};

use crate::support::{Fixture, Writes as _, map};

const CASES: usize = 150;

fn text() -> impl Strategy<Value = String> {
    prop::collection::vec(
        prop::sample::select(vec!["a", "B", "Ä", "ß", "%", "_", "\\", "é", "z", "🙂"]),
        0..3,
    )
    .prop_map(|parts| parts.concat())
}

fn condition() -> impl Strategy<Value = Json> {
    let names = prop::sample::select(vec![
        "name",
        "account.name",
        "account.address.country",
        "amount.currency",
        "created_by",
        "created_by.kind",
    ]);
    let texts = (names, prop::sample::select(vec!["eq", "neq", "contains", "starts_with"]), text())
        .prop_map(|(name, operator, text)| json!({ name: { operator: text } }));
    let listed = prop::sample::select(vec!["name", "account.name", "account.address.country"]);
    let lists = (listed, prop::sample::select(vec!["in", "not_in"]), prop::collection::vec(text(), 0..3))
        .prop_map(|(name, operator, texts)| json!({ name: { operator: texts } }));
    let stages = prop::sample::select(vec!["LEAD", "PROPOSAL", "CLOSED_WON"]);
    let stages = (prop::sample::select(vec!["eq", "neq"]), stages)
        .prop_map(|(operator, stage)| json!({ "stage": { operator: stage } }));
    let ordered = || prop::sample::select(vec!["eq", "neq", "gt", "gte", "lt", "lte"]);
    let amounts = (ordered(), -2_i64..5).prop_map(|(operator, n)| json!({ "amount": { operator: n } }));
    let dates = (ordered(), 1_u8..5)
        .prop_map(|(operator, day)| json!({ "close_date": { operator: format!("2026-03-0{day}") } }));
    let fields = vec![
        "amount",
        "close_date",
        "account",
        "forecast_category",
        "account.segment",
        "account.address.city",
    ];
    let empty = (prop::sample::select(fields), any::<bool>())
        .prop_map(|(name, empty)| json!({ name: { "is_empty": empty } }));
    let booleans = (prop::sample::select(vec!["eq", "neq"]), any::<bool>())
        .prop_map(|(operator, value)| json!({ "account.ideal_customer_profile": { operator: value } }));
    let segments = prop::collection::vec(prop::sample::select(vec!["SMB", "MID_MARKET", "ENTERPRISE"]), 0..3);
    let segments = (prop::sample::select(vec!["in", "not_in"]), segments)
        .prop_map(|(operator, segments)| json!({ "account.segment": { operator: segments } }));
    prop_oneof![texts, lists, stages, amounts, dates, empty, booleans, segments]
}

fn filter() -> impl Strategy<Value = Json> {
    condition().prop_recursive(3, 12, 3, |inner| {
        let list = || prop::collection::vec(inner.clone(), 0..3);
        prop_oneof![
            list().prop_map(|parts| json!({ "and": parts })),
            list().prop_map(|parts| json!({ "or": parts })),
            inner.clone().prop_map(|inner| json!({ "not": inner })),
        ]
    })
}

fn sort() -> impl Strategy<Value = String> {
    let fields = vec![
        "name",
        "-name",
        "amount",
        "-amount",
        "stage",
        "-stage",
        "close_date",
        "-close_date",
        "account",
        "-account",
        "account.segment",
        "-account.ideal_customer_profile",
    ];
    prop::collection::vec(prop::sample::select(fields), 0..3).prop_map(|fields| fields.join(","))
}

fn deal(accounts: Vec<RecordId>) -> impl Strategy<Value = Json> {
    let amount = prop::option::of((0_i64..5, prop::sample::select(vec!["USD", "EUR"])));
    let stage = prop::sample::select(vec!["LEAD", "PROPOSAL", "CLOSED_WON"]);
    let account = prop::option::of(prop::sample::select(accounts));
    (text(), amount, stage, prop::option::of(1_u8..5), account).prop_map(
        |(name, amount, stage, day, account)| {
            json!({
                "name": format!("x{name}"),
                "amount": amount.map(|(amount, currency)| json!({ "amount": amount, "currency": currency })),
                "stage": stage,
                "close_date": day.map(|day| format!("2026-03-0{day}")),
                "account": account,
            })
        },
    )
}

struct Accounts<'s> {
    schema: &'s Schema,
    values: HashMap<RecordId, Values>,
}

impl Related for Accounts<'_> {
    fn record(&self, object: &Name, id: RecordId) -> Option<(&Object, &Values)> {
        Some((self.schema.object(object)?, self.values.get(&id)?))
    }
}

/// The order of two records by a sort, as the house has it: options by position, empty values last, equals in the direction of the last key.
fn compare(object: &Object, sort: &str, accounts: &Accounts<'_>, left: &Record, right: &Record) -> Ordering {
    let fields = parse_sort(sort, object, accounts.schema, &Grants::everything()).unwrap();
    for key in &fields {
        let cell = |record: &Record| {
            let (object, values) = match &key.hop {
                None => (object, &record.values),
                Some(hop) => match record.values.get(&hop.relation) {
                    Some(Value::Relation(id)) => accounts.record(&hop.object, *id)?,
                    _ => return None,
                },
            };
            let field = object.field(&key.path.field)?;
            let cell = key.path.cell(field, values.get(&field.name)?)?;
            match (&field.kind, cell) {
                (FieldKind::Select { options }, Scalar::Text(text)) => {
                    let place = options.iter().position(|option| option.value == text)?;
                    Some(Scalar::Integer(place as i64))
                }
                (_, cell) => Some(cell),
            }
        };
        let ordering = match (cell(left), cell(right)) {
            (None, None) => Ordering::Equal,
            (None, Some(_)) => Ordering::Greater,
            (Some(_), None) => Ordering::Less,
            (Some(left), Some(right)) => {
                let ordering = left.compare(&right).unwrap();
                if key.descending { ordering.reverse() } else { ordering }
            }
        };
        if ordering != Ordering::Equal {
            return ordering;
        }
    }
    let by_id = left.id.cmp(&right.id);
    if fields.last().is_none_or(|last| last.descending) { by_id.reverse() } else { by_id }
}

both_engines! {
    async fn a_list_holds_what_its_filter_means_in_the_order_it_says(store: TestStore) {
        let fixture = Fixture::new(&store).await;
        let mut accounts = HashMap::new();
        for (name, segment, ideal) in [("Ä%", json!("SMB"), true), ("b_", json!(null), false), ("zz", json!("MID_MARKET"), true)] {
            let address = json!({ "country": name, "city": if ideal { "é" } else { "" } });
            let fields = json!({ "name": name, "segment": segment, "ideal_customer_profile": ideal, "address": address });
            let account = fixture.create("account", fields).await;
            accounts.insert(account.id, account.values);
        }
        let gone = fixture.create("account", json!({ "name": "gone" })).await;
        let mut runner = crate::support::runner();
        let mut ids: Vec<_> = accounts.keys().copied().collect();
        ids.sort();
        ids.push(gone.id);
        let deals = prop::collection::vec(deal(ids), 40..41).new_tree(&mut runner).unwrap().current();
        let deals = deals.into_iter().map(map).collect();
        fixture.crm.batch(&fixture.ada, "deal", BatchInput::Create(deals)).await.unwrap();
        fixture.crm.delete(&fixture.ada, "account", gone.id).await.unwrap();

        let schema = fixture.crm.schema(fixture.workspace).await.unwrap();
        let object = schema.object("deal").unwrap();
        let all = fixture.list("deal", ListQuery { limit: 200, ..Default::default() }).await.records;
        let accounts = Accounts { schema: &schema, values: accounts };
        for _ in 0..CASES {
            let (json, sort) = (filter(), sort()).new_tree(&mut runner).unwrap().current();
            let parsed = parse_filter(&json, object, &schema, &Grants::everything(), fixture.ada.asker(Timestamp::EPOCH)).unwrap();
            let mut expected: Vec<_> =
                all.iter().filter(|record| parsed.matches(object, &record.values, &accounts)).collect();
            expected.sort_by(|left, right| compare(object, &sort, &accounts, left, right));
            let expected: Vec<_> = expected.into_iter().map(|record| record.id).collect();
            let mut walked = Vec::new();
            let mut after = None;
            loop {
                let query = ListQuery {
                    filter: Some(json.clone()), sort: Some(sort.clone()), limit: 9, after, ..Default::default()
                };
                let page = fixture.list("deal", query).await;
                walked.extend(page.records.iter().map(|record| record.id));
                after = page.next;
                if after.is_none() {
                    break;
                }
            }
            assert_eq!(walked, expected, "{json} by {sort:?}");
        }
    }

    async fn what_is_kept_in_lower_case_is_found_with_its_accents(store: TestStore) {
        let fixture = Fixture::new(&store).await;
        fixture.create("account", json!({ "name": "Brewery", "domain": "www.München.de" })).await;
        fixture.create("contact", json!({ "name": "Jörg", "emails": "Jörg@münchen.de" })).await;
        let found = async |object: &str, filter: Json| {
            let query = ListQuery { filter: Some(filter), limit: 9, ..Default::default() };
            fixture.list(object, query).await.records.len()
        };
        for (operator, operand) in
            [("eq", json!("MÜNCHEN.de")), ("in", json!(["münchen.de"])), ("contains", json!("nchen")), ("starts_with", json!("mün"))]
        {
            assert_eq!(found("account", json!({ "domain": { operator: operand } })).await, 1, "{operator}");
        }
        assert_eq!(found("account", json!({ "domain": { "eq": "munchen.de" } })).await, 0);
        assert_eq!(found("contact", json!({ "emails": { "eq": "JÖRG@münchen.de" } })).await, 1);
    }
}
