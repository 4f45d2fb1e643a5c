//! Every kind of field: both engines filter and sort by it, and by each of its parts, as is meant in memory.

use std::cmp::Ordering;

use kontor_core::{
    filter::{Related, filterable_paths, parse_filter},
    grants::Grants,
    ids::RecordId,
    metadata::{Name, Object},
    sort::parse_sort,
    time::Timestamp,
    value::{Value, Values},
};
use kontor_crm::records::{BatchInput, ListQuery, Record};
use kontor_store::{both_engines, testing::TestStore};
use proptest::{prelude::*, strategy::ValueTree as _};
use serde_json::{Value as Json, json};

use crate::support::{Fixture, Writes as _, map, runner};

const CASES: usize = 120;

/// No hop is taken here.
struct Alone;

impl Related for Alone {
    fn record(&self, _: &Name, _: RecordId) -> Option<(&Object, &Values)> {
        None
    }
}

fn word() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["", "Ada", "ada", "Ädä", "Brandt", "brandt", "ß%", "z_"])
        .prop_map(str::to_owned)
}

fn contact(number: usize) -> impl Strategy<Value = Json> {
    let name = (word(), word());
    let email = prop::option::of(prop::sample::select(vec!["Jörg", "ada", "ADA"]));
    let phone = prop::option::of(prop::sample::select(vec![
        "+49 (0)30 1234",
        "0049 30/1234",
        "030 1234",
        "555-0161",
    ]));
    let address = (word(), word(), word(), word());
    let website = prop::option::of(prop::sample::select(vec!["Example.com", "https://example.com/Ä"]));
    let scores = (prop::option::of(0_u8..4), prop::option::of(-2_i32..3));
    (name, email, phone, address, website, scores).prop_map(
        move |((first, last), email, phone, (city, street, code, country), website, (score, position))| {
            let mut contact = json!({
                "name": { "first": format!("x{first}"), "last": last },
                "emails": email.map(|local| format!("{local}@{number}.test")),
                "phones": phone,
                "address": { "city": city, "street": street, "postal_code": code, "country": country },
                "social_links": { "website": website, "linkedin": website },
                "lead_score": score,
            });
            if let Some(position) = position {
                contact["position"] = json!(f64::from(position) / 2.0);
            }
            contact
        },
    )
}

fn activity(targets: Vec<(&'static str, RecordId)>) -> impl Strategy<Value = Json> {
    let target = prop::option::of(prop::sample::select(targets));
    let moment = prop::option::of(prop::sample::select(vec![
        "2026-03-01T09:30:00Z",
        "2026-03-01T09:30:00.000001Z",
        "1969-12-31T23:59:59.9Z",
    ]));
    (target, moment, prop::bool::ANY).prop_map(|(target, moment, has_properties)| {
        json!({
            "type": "CALL",
            "subject": "Hi",
            "target": target.map(|(object, id)| json!({ "object": object, "id": id })),
            "happened_at": moment,
            "properties": has_properties.then(|| json!({ "a": 1 })),
        })
    })
}

/// Something that each of a path's operators can be asked with, besides what does not fit it.
fn operand() -> impl Strategy<Value = Json> {
    let texts = prop::sample::select(vec![
        "ada",
        "Ädä",
        "x",
        "xADA",
        "BRANDT",
        "%",
        "example",
        "https://EXAMPLE.com",
        "+49 30 1234",
        "1234",
        "ada@1.test",
        "MEMBER",
        "account",
        "Acme",
        "2026-03-01",
        "2026-03-01T09:30:00Z",
        "CALL",
    ]);
    prop_oneof![
        4 => texts.prop_map(|text| json!(text)),
        2 => (-2_i64..4).prop_map(|number| json!(number)),
        1 => any::<bool>().prop_map(|value| json!(value)),
    ]
}

fn operator() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "eq",
        "neq",
        "in",
        "not_in",
        "gt",
        "gte",
        "lt",
        "lte",
        "contains",
        "starts_with",
        "is_empty",
    ])
}

/// The order of two records by a sort of one field.
fn compare(
    object: &Object,
    fixture: &kontor_core::metadata::Schema,
    sort: &str,
    left: &Record,
    right: &Record,
) -> Ordering {
    let fields = parse_sort(sort, object, fixture, &Grants::everything()).unwrap();
    let field = object.field(&fields[0].path.field).unwrap();
    let cell =
        |record: &Record| fields[0].path.cell(field, record.values.get(&field.name).unwrap_or(&Value::Null));
    let ordering = match (cell(left), cell(right)) {
        (None, None) => Ordering::Equal,
        (None, Some(_)) => Ordering::Greater,
        (Some(_), None) => Ordering::Less,
        (Some(left), Some(right)) => {
            let ordering = left.compare(&right).unwrap();
            if fields[0].descending { ordering.reverse() } else { ordering }
        }
    };
    let by_id = left.id.cmp(&right.id);
    ordering.then(if fields[0].descending { by_id.reverse() } else { by_id })
}

async fn check(fixture: &Fixture, name: &str) {
    let schema = fixture.crm.schema(fixture.workspace).await.unwrap();
    let object = schema.object(name).unwrap();
    let all = fixture.list(name, ListQuery { limit: 200, ..Default::default() }).await.records;
    let mut runner = runner();
    let ids = |records: &[&Record]| records.iter().map(|record| record.id).collect::<Vec<_>>();
    let paths: Vec<_> = filterable_paths(object, &Grants::everything());
    let (mut asked, mut matched) = (0, 0);
    for (text, path) in paths.iter().cycle().take(paths.len() * CASES) {
        let (operator, operand) = (operator(), operand()).new_tree(&mut runner).unwrap().current();
        let operand = if ["in", "not_in"].contains(&operator) { json!([operand]) } else { operand };
        let json = json!({ text: { operator: operand } });
        // What the operator or the path does not take is refused, which is tested elsewhere.
        let Ok(filter) =
            parse_filter(&json, object, &schema, &Grants::everything(), fixture.ada.asker(Timestamp::EPOCH))
        else {
            continue;
        };
        let expected: Vec<_> =
            all.iter().filter(|record| filter.matches(object, &record.values, &Alone)).collect();
        let query = ListQuery { filter: Some(json.clone()), limit: 200, ..Default::default() };
        let found = fixture.list(name, query).await.records;
        assert_eq!(ids(&found.iter().collect::<Vec<_>>()), ids(&expected), "{json}");
        asked += 1;
        matched += usize::from(!expected.is_empty() && expected.len() < all.len());
        let _ = path;
    }
    assert!(
        asked > paths.len() * 10 && matched > 5,
        "{asked} filters, of which {matched} told records apart"
    );
    for (text, path) in
        paths.iter().filter(|(text, path)| path.is_sortable() && *text != "stage" && *text != "lifecycle")
    {
        for sort in [text.clone(), format!("-{text}")] {
            let parsed = parse_sort(&sort, object, &schema, &Grants::everything()).unwrap();
            if parsed[0].hop.is_some() || !object.field(&path.field).unwrap().kind.options().is_empty() {
                continue;
            }
            let mut expected: Vec<_> = all.iter().collect();
            expected.sort_by(|left, right| compare(object, &schema, &sort, left, right));
            let query = ListQuery { sort: Some(sort.clone()), limit: 200, ..Default::default() };
            let found = fixture.list(name, query).await.records;
            assert_eq!(ids(&found.iter().collect::<Vec<_>>()), ids(&expected), "{sort}");
        }
    }
}

both_engines! {
    async fn a_person_is_found_and_sorted_by_every_part_of_every_field(store: TestStore) {
        let fixture = Fixture::new(&store).await;
        let mut runner = runner();
        let contacts = (0..40).map(|number| map(contact(number).new_tree(&mut runner).unwrap().current()));
        fixture.crm.batch(&fixture.ada, "contact", BatchInput::Create(contacts.collect())).await.unwrap();
        check(&fixture, "contact").await;
    }

    async fn what_took_place_is_found_and_sorted_by_every_part_of_every_field(store: TestStore) {
        let fixture = Fixture::new(&store).await;
        let account = fixture.create("account", json!({ "name": "Ácme" })).await;
        let deal = fixture.create("deal", json!({ "name": "acme" })).await;
        let targets = vec![("account", account.id), ("deal", deal.id)];
        let mut runner = runner();
        let activities = (0..40).map(|_| map(activity(targets.clone()).new_tree(&mut runner).unwrap().current()));
        fixture.crm.batch(&fixture.ada, "activity", BatchInput::Create(activities.collect())).await.unwrap();
        check(&fixture, "activity").await;
    }
}
