//! What happens to records, for programs that follow it: the events of a workspace in their order, from a number on, as
//! far as the caller may read. Whoever comes back with the last number they know misses nothing that is still kept.

use std::{collections::VecDeque, pin::Pin, sync::Arc, time::Duration};

use futures::{Stream, StreamExt as _, stream};
use kontor_core::{
    caller::Caller,
    error::{Chain, Issue},
    ids::RecordId,
};
use kontor_store::{Namespace, outbox::Settled};
use sea_query::{Expr, ExprTrait as _, Func, Order, Query};
use serde_json::{Value as Json, json};
use uuid::Uuid;

use crate::{Crm, Error, Feed, Notice, outbox, timeline};

/// Events that are read at one time.
const BATCH: u64 = 50;
/// How often, and after what time, it is looked again for an event that was told of and is not to be seen in its order.
const LOOKS: u32 = 40;
const PAUSE: Duration = Duration::from_millis(250);
/// Names of a filter.
const MOST: usize = 50;

/// Which events are asked for; all, where nothing is said.
#[derive(Debug, Clone, Default)]
pub struct EventFilter {
    /// `deal`.
    pub objects: Vec<String>,
    /// `create`, `update`, `delete`, `restore`, `destroy`.
    pub actions: Vec<String>,
}

/// The words of actions as events have them.
const ACTIONS: [&str; 5] = ["create", "update", "delete", "restore", "destroy"];

/// What a follower is told.
#[derive(Debug, Clone, PartialEq)]
pub enum Followed {
    Event {
        /// By which the next time goes on.
        number: i64,
        /// `deal.updated`.
        name: String,
        json: Json,
    },
    /// Events up to this number are not kept any more.
    Missed { through: i64 },
}

impl Crm {
    /// The events that are asked for behind a number, and those that happen; without one, from now on.
    ///
    /// # Errors
    /// Names that there are not; what the database said.
    pub async fn follow(
        &self,
        feed: &Feed,
        caller: Caller,
        filter: EventFilter,
        after: Option<i64>,
    ) -> Result<impl Stream<Item = Followed> + Send + use<>, Error> {
        let schema = self.schema(caller.workspace).await?;
        check(&filter, |object| caller.grants.sees(&schema, object))?;
        let namespace = self.store().workspace(caller.workspace).await?;
        // Before the place is read, so that nothing that happens after it is missed.
        let notices = feed.subscribe(&caller).await?;
        let place = match after {
            Some(after) => after,
            None => self.last_event(caller.workspace).await?,
        };
        let follower = Follower {
            crm: self.clone(),
            namespace,
            caller,
            filter: Arc::new(filter),
            place,
            settled: Settled::default(),
            ready: VecDeque::new(),
            notices: Box::pin(notices),
            looks: 0,
            is_begun: after.is_none(),
        };
        Ok(stream::unfold(follower, |mut follower| async move {
            let next = follower.next().await?;
            Some((next, follower))
        }))
    }
}

fn check(filter: &EventFilter, sees: impl Fn(&str) -> bool) -> Result<(), Error> {
    if filter.objects.len() > MOST || filter.actions.len() > MOST {
        return Err(Error::invalid(Issue::new(
            "object",
            "too_many",
            format!("at most {MOST} names are taken"),
        )));
    }
    if let Some(unknown) = filter.objects.iter().find(|object| !sees(object)) {
        let message = format!("there is no object {:?}", kontor_core::text::excerpt(unknown, 60));
        return Err(Error::invalid(Issue::new("object", "unknown_object", message)));
    }
    if let Some(unknown) = filter.actions.iter().find(|action| !ACTIONS.contains(&action.as_str())) {
        let known = ACTIONS.join(", ");
        let message = format!("{:?} is not one of {known}", kontor_core::text::excerpt(unknown, 60));
        return Err(Error::invalid(Issue::new("action", "unknown_option", message)));
    }
    Ok(())
}

/// One who follows. While nothing happens it waits for the workspace's one reader and asks the database nothing.
struct Follower {
    crm: Crm,
    namespace: Namespace,
    caller: Caller,
    filter: Arc<EventFilter>,
    place: i64,
    settled: Settled,
    ready: VecDeque<Followed>,
    notices: Pin<Box<dyn Stream<Item = Notice> + Send>>,
    /// How often it is looked again though nobody told of anything.
    looks: u32,
    /// Whether it was looked whether what is asked for is still kept.
    is_begun: bool,
}

/// An event as it is kept.
struct Kept {
    number: i64,
    entry: Uuid,
    name: String,
    object: String,
    record: RecordId,
    action: String,
}

impl Follower {
    async fn next(&mut self) -> Option<Followed> {
        loop {
            if let Some(next) = self.ready.pop_front() {
                return Some(next);
            }
            match self.read().await {
                Ok(true) => {
                    self.looks = 0;
                    continue;
                }
                Ok(false) => {}
                Err(error) => {
                    tracing::warn!(workspace = %self.caller.workspace, error = %Chain(&error), "events cannot be read at the moment");
                    if self.looks == 0 {
                        self.looks = 1;
                    }
                }
            }
            if self.looks > 0 {
                self.looks -= 1;
                tokio::time::sleep(PAUSE).await;
                continue;
            }
            self.notices.next().await?;
            self.looks = LOOKS;
        }
    }

    /// Reads what follows the place; whether it moved on.
    async fn read(&mut self) -> Result<bool, Error> {
        if !self.is_begun {
            self.is_begun = true;
            if let Some(through) = missed(&self.namespace, self.place).await? {
                self.place = through;
                self.ready.push_back(Followed::Missed { through });
                return Ok(true);
            }
        }
        let through = self.settled.after(&self.namespace, self.place).await?;
        if through <= self.place {
            return Ok(false);
        }
        let kept = kept_events(&self.namespace, self.place, through).await?;
        // All up to there was read where there was less than a whole batch.
        self.place = match kept.last() {
            Some(last) if kept.len() as u64 >= BATCH => last.number,
            _ => through,
        };
        let filter = self.filter.clone();
        let asked = kept.into_iter().filter(move |event| {
            let fits =
                |names: &[String], name: &str| names.is_empty() || names.iter().any(|known| known == name);
            fits(&filter.objects, &event.object) && fits(&filter.actions, &event.action)
        });
        let asked: Vec<_> = asked.collect();
        if asked.is_empty() {
            return Ok(true);
        }
        let told = self.crm.read(&self.caller, asked, |work, asked| {
            Box::pin(async move {
                let mut told = Vec::with_capacity(asked.len());
                for event in asked {
                    let Some(object) = work.schema.object(&event.object).cloned() else { continue };
                    let Some(entry) = timeline::entry(work, &object, event.record, event.entry).await? else {
                        continue;
                    };
                    let mut json = entry.to_json();
                    json["object"] = json!(event.object);
                    json["action"] = json!(event.action);
                    told.push(Followed::Event { number: event.number, name: event.name.clone(), json });
                }
                Ok(told)
            })
        });
        self.ready.extend(told.await?);
        Ok(true)
    }
}

/// The number of the last event that is gone, where one is that was asked for.
async fn missed(namespace: &Namespace, place: i64) -> Result<Option<i64>, Error> {
    let first = namespace.read((), |tx, ()| {
        Box::pin(async move {
            let first =
                Query::select().expr(Func::min(Expr::col("sequence"))).from(tx.table(outbox::TABLE)).take();
            tx.fetch_one(&first).await?.get::<Option<i64>>(0)
        })
    });
    let first: Option<i64> = first.await.map_err(Error::Store)?;
    Ok(first.map(|first| first - 1).filter(|gone| *gone > place))
}

/// The first events behind a place, up to a number.
async fn kept_events(namespace: &Namespace, place: i64, through: i64) -> Result<Vec<Kept>, Error> {
    let found = namespace.read((place, through), |tx, &(place, through)| {
        Box::pin(async move {
            let events = Query::select()
                .columns(["sequence", "id", "name", "object", "record_id", "action"])
                .from(tx.table(outbox::TABLE))
                .and_where(Expr::col("sequence").gt(place))
                .and_where(Expr::col("sequence").lte(through))
                .order_by("sequence", Order::Asc)
                .limit(BATCH)
                .take();
            let rows = tx.fetch_all(&events).await?;
            let read = rows.iter().map(|row| {
                Ok(Kept {
                    number: row.get(0)?,
                    entry: row.get(1)?,
                    name: row.get(2)?,
                    object: row.get(3)?,
                    record: RecordId(row.get(4)?),
                    action: row.get(5)?,
                })
            });
            read.collect::<Result<Vec<_>, Error>>()
        })
    });
    found.await
}
