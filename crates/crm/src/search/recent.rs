//! The records that were changed lately, which a search may find although many newer ones match: their documents
//! stand where they were made.

use std::{collections::BTreeMap, sync::Arc};

use kontor_core::{
    ids::RecordId,
    metadata::{Name, Object},
};
use kontor_store::SearchQuery;
use sea_query::{Expr, ExprTrait as _, Order, Query};

use super::{
    caller::Scope,
    index::tokens,
    ranked::{Candidate, Seen, documents},
};
use crate::{Error, Work};

/// How many events are looked through for records that were changed.
const EVENTS: u64 = 1_000;
/// How many such records are compared.
const MOST: usize = 200;

/// The records changed last, read when they are first asked for.
#[derive(Default)]
pub(super) struct Recent {
    records: Option<Vec<(Candidate, Vec<String>)>>,
}

impl Recent {
    /// Adds those of a scope that fulfil a query.
    pub(super) async fn add(
        &mut self,
        work: &mut Work<'_, '_>,
        scopes: &[Scope],
        scope: &Scope,
        query: &SearchQuery,
        equals: &mut Vec<Candidate>,
        seen: &mut Seen,
    ) -> Result<(), Error> {
        if self.records.is_none() {
            self.records = Some(read(work, scopes).await?);
        }
        for (candidate, tokens) in self.records.iter().flatten() {
            let is_meant = scope.objects.iter().any(|object| object.name == candidate.object.name);
            if is_meant && query.matches(tokens) && seen.insert((candidate.object.name.clone(), candidate.id))
            {
                equals.push(candidate.clone());
            }
        }
        Ok(())
    }
}

async fn read(work: &mut Work<'_, '_>, scopes: &[Scope]) -> Result<Vec<(Candidate, Vec<String>)>, Error> {
    let latest = Query::select()
        .columns(["sequence", "object", "record_id", "action"])
        .from(work.tx.table("outbox_events"))
        .order_by("sequence", Order::Desc)
        .limit(EVENTS)
        .take();
    let statement = Query::select()
        .columns(["object", "record_id"])
        .from_subquery(latest, "e")
        // What was made lately is found as it is.
        .and_where(Expr::col("action").ne("create"))
        .order_by("sequence", Order::Desc)
        .take();
    let objects: BTreeMap<&Name, &Arc<Object>> =
        scopes.iter().flat_map(|scope| &scope.objects).map(|object| (&object.name, object)).collect();
    let mut wanted: BTreeMap<&Name, std::collections::BTreeSet<RecordId>> = BTreeMap::new();
    let mut count = 0;
    for row in work.tx.fetch_all(&statement).await? {
        let name: String = row.get(0)?;
        let known = objects.iter().find(|(known, _)| known.as_str() == name);
        if let Some((name, _)) = known
            && count < MOST
            && wanted.entry(name).or_default().insert(RecordId(row.get(1)?))
        {
            count += 1;
        }
    }
    let mut records = Vec::with_capacity(count);
    for (name, ids) in &wanted {
        let Some(object) = objects.get(name) else { continue };
        for (record, changed_at) in documents(work, object, ids).await? {
            let mut tokens = tokens(object, &record);
            tokens.sort_unstable();
            records.push((Candidate { object: (*object).clone(), id: record.id, changed_at }, tokens));
        }
    }
    Ok(records)
}
