use kontor_core::{
    metadata::ColumnType,
    time::{Date, Timestamp},
};
use kontor_store::{ColumnSpec, Dialect, Error, Row, both_engines, testing::TestStore};
use sea_query::{Order, Query, Value};
use serde_json::json;
use uuid::Uuid;

use crate::notes::{new_id, workspace};

const COLUMNS: [(&str, ColumnType); 8] = [
    ("id", ColumnType::Uuid),
    ("words", ColumnType::Text),
    ("whole", ColumnType::Integer),
    ("part", ColumnType::Real),
    ("truth", ColumnType::Boolean),
    ("day", ColumnType::Date),
    ("moment", ColumnType::Timestamp),
    ("tree", ColumnType::Json),
];

fn full(dialect: Dialect, id: Uuid) -> Vec<Value> {
    vec![
        id.into(),
        "Grüße, 世界 'quoted' \"too\"".into(),
        i64::MAX.into(),
        0.5_f64.into(),
        true.into(),
        dialect.bind_date(Some("2026-02-28".parse().unwrap())),
        dialect.bind_timestamp(Some("1969-07-20T20:17:40.123456Z".parse().unwrap())),
        dialect.bind_json(Some(json!("text alone"))),
    ]
}

fn empty(dialect: Dialect, id: Uuid) -> Vec<Value> {
    vec![
        id.into(),
        Value::String(None),
        Value::BigInt(None),
        Value::Double(None),
        Value::Bool(None),
        dialect.bind_date(None),
        dialect.bind_timestamp(None),
        dialect.bind_json(None),
    ]
}

async fn stored(store: &TestStore, values: fn(Dialect, Uuid) -> Vec<Value>) -> (Uuid, Row) {
    let workspace = workspace(store).await;
    let id = new_id();
    let row = workspace
        .alter((values, id), |tx, &(values, id)| {
            Box::pin(async move {
                let specs: Vec<_> = COLUMNS.iter().map(|(name, kind)| ColumnSpec::new(name, *kind)).collect();
                tx.create_table("everything", &specs[..7]).await?;
                tx.add_column("everything", &specs[7]).await?;
                let insert = Query::insert()
                    .into_table(tx.table("everything"))
                    .columns(COLUMNS.map(|(name, _)| name))
                    .values_panic(values(tx.dialect(), id).into_iter().map(Into::into))
                    .to_owned();
                tx.execute(&insert).await?;
                let select = Query::select()
                    .columns(COLUMNS.map(|(name, _)| name))
                    .from(tx.table("everything"))
                    .to_owned();
                tx.fetch_one(&select).await
            })
        })
        .await;
    let row: Result<Row, Error> = row;
    (id, row.unwrap())
}

both_engines! {
    async fn every_kind_of_value_comes_back_as_it_was(store: TestStore) {
        let (id, row) = stored(&store, full).await;
        assert_eq!(row.get::<Uuid>(0).unwrap(), id);
        assert_eq!(row.get::<String>(1).unwrap(), "Grüße, 世界 'quoted' \"too\"");
        assert_eq!(row.get::<i64>(2).unwrap(), i64::MAX);
        assert_eq!(row.get::<f64>(3).unwrap(), 0.5);
        assert!(row.get::<bool>(4).unwrap());
        assert_eq!(row.get::<Date>(5).unwrap().to_string(), "2026-02-28");
        assert_eq!(row.get::<Timestamp>(6).unwrap().to_string(), "1969-07-20T20:17:40.123456Z");
        assert_eq!(row.get::<serde_json::Value>(7).unwrap(), json!("text alone"));
    }

    async fn an_empty_value_of_every_kind_is_none(store: TestStore) {
        let (_, row) = stored(&store, empty).await;
        assert_eq!(row.get::<Option<String>>(1).unwrap(), None);
        assert_eq!(row.get::<Option<i64>>(2).unwrap(), None);
        assert_eq!(row.get::<Option<f64>>(3).unwrap(), None);
        assert_eq!(row.get::<Option<bool>>(4).unwrap(), None);
        assert_eq!(row.get::<Option<Date>>(5).unwrap(), None);
        assert_eq!(row.get::<Option<Timestamp>>(6).unwrap(), None);
        assert_eq!(row.get::<Option<serde_json::Value>>(7).unwrap(), None);
    }

    async fn reading_a_column_as_something_else_is_an_error(store: TestStore) {
        let (_, row) = stored(&store, full).await;
        assert!(matches!(row.get::<i64>(1), Err(Error::Decode { index: 1, .. })));
        assert!(matches!(row.get::<i32>(2), Err(Error::Decode { index: 2, .. })));
        assert!(matches!(row.get::<String>(99), Err(Error::Decode { index: 99, .. })));
        let (_, row) = stored(&store, empty).await;
        assert!(row.get::<String>(1).is_err());
    }

    async fn text_is_ordered_by_its_bytes(store: TestStore) {
        let workspace = workspace(&store).await;
        for title in ["b", "ä", "B", "a b", "a", "ab"] {
            crate::notes::add(&workspace, title).await.unwrap();
        }
        let titles: Result<Vec<String>, Error> = workspace
            .read((), |tx, ()| {
                Box::pin(async move {
                    let select = Query::select()
                        .column("title")
                        .from(tx.table("note"))
                        .order_by("title", Order::Asc)
                        .to_owned();
                    tx.fetch_all(&select).await?.iter().map(|row| row.get(0)).collect()
                })
            })
            .await;
        assert_eq!(titles.unwrap(), ["B", "a", "a b", "ab", "b", "ä"]);
    }
}
