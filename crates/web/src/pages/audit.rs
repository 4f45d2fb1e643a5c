//! Who did what in the workspace, for those who may read it.

use std::collections::BTreeSet;

use askama::Template;
use axum::{
    extract::{Request, State},
    response::Html,
};
use kontor_core::metadata::Schema;
use kontor_http::Services;
use kontor_operations::{AuditQuery, AuditRecord};
use serde_json::Value as Json;

use crate::{
    assets,
    error::{Result, page},
    form::Fields,
    link::with_query,
    session::SignedIn,
    shell::{Shell, viewer},
    show::{ChangeView, Shown, Viewer, changes, exact},
};

/// The acts of a page.
const SHOWN: u64 = 50;

#[derive(Template)]
#[template(path = "audit.html")]
struct AuditPage {
    assets: &'static str,
    shell: Shell,
    /// The action that is asked for, empty for all.
    action: String,
    acts: Vec<ActView>,
    /// Where older acts are shown.
    older: Option<String>,
}

struct ActView {
    when: Shown,
    by: String,
    is_agent: bool,
    action: String,
    target: Shown,
    changes: Vec<ChangeView>,
    details: Vec<(String, String)>,
}

pub(crate) async fn show(
    State(state): State<Services>,
    SignedIn { caller, csrf, .. }: SignedIn,
    request: Request,
) -> Result<Html<String>> {
    let query = Fields::of_query(&request);
    let action = query.get("action").trim().to_owned();
    let wanted = AuditQuery {
        action: Some(action.clone()).filter(|action| !action.is_empty()),
        // A place that is none begins the list anew.
        after: query.get("after").parse().ok(),
        limit: SHOWN,
        ..AuditQuery::default()
    };
    let found = state.audit.read(&caller, wanted).await?;
    let schema = state.crm.schema(caller.workspace).await?;
    let shell = Shell::new(&state, &caller, &csrf, &schema, "Audit", "audit").await?;
    let viewer = viewer(&state, &caller, &schema);
    let last = found.acts.last().filter(|_| found.has_more).map(|act| act.id.to_string());
    page(&AuditPage {
        assets: &assets::BASE,
        shell,
        older: last.map(|last| with_query("/audit", [("action", action.as_str()), ("after", &last)])),
        action,
        acts: found.acts.into_iter().map(|act| act_view(&viewer, act)).collect(),
    })
}

fn act_view(viewer: &Viewer, act: AuditRecord) -> ActView {
    let object = act.target.split_once(':').and_then(|(object, _)| viewer.schema.object(object)).cloned();
    let known = object.as_ref().zip(act.details.get("changes").and_then(Json::as_object));
    let changes = known.map(|(object, changed)| changes(viewer, object, changed)).unwrap_or_default();
    let named = act.details.as_object().into_iter().flatten();
    let named = named.filter(|(name, _)| !matches!(name.as_str(), "label" | "changes" | "before" | "after"));
    let mut details: Vec<_> = named.map(|(name, value)| (words(name), plain(value))).collect();
    details.extend(differences(&act.details));
    ActView {
        when: exact(act.happened_at, viewer.clock()),
        by: act.actor.to_string(),
        is_agent: act.actor.agent.is_some(),
        target: target(&viewer.schema, &act),
        action: act.action,
        changes,
        details,
    }
}

/// What `before` and `after` of an act say: of objects each part that differs, of anything else the whole.
fn differences(details: &Json) -> Vec<(String, String)> {
    let (before, after) = (&details["before"], &details["after"]);
    let told = |before: &Json, after: &Json| match (before, after) {
        (Json::Null, after) => plain(after),
        (before, after) => format!("{} → {}", plain(before), plain(after)),
    };
    if before.is_object() || after.is_object() {
        let parts = [before, after].into_iter().filter_map(Json::as_object).flat_map(serde_json::Map::keys);
        let parts: BTreeSet<&String> = parts.collect();
        let differing = parts
            .into_iter()
            .filter(|part| before[*part] != after[*part] && !is_nothing(before, after, part));
        return differing.map(|part| (words(part), told(&before[part], &after[part]))).collect();
    }
    if before == after { Vec::new() } else { vec![("change".to_owned(), told(before, after))] }
}

/// Whether a part of something that is made is empty: of that there is nothing to tell.
fn is_nothing(before: &Json, after: &Json, part: &str) -> bool {
    before.is_null()
        && match &after[part] {
            Json::Array(items) => items.is_empty(),
            Json::Object(parts) => parts.is_empty(),
            Json::String(text) => text.is_empty(),
            _ => false,
        }
}

fn words(name: &str) -> String {
    name.replace('_', " ")
}

/// A value in a line.
fn plain(value: &Json) -> String {
    match value {
        Json::Null => "nothing".to_owned(),
        Json::String(text) => text.clone(),
        Json::Array(items) if items.iter().all(Json::is_string) => {
            items.iter().filter_map(Json::as_str).collect::<Vec<_>>().join(", ")
        }
        other => other.to_string(),
    }
}

/// What the act was done to: a record by its name, with the way to it while it may be there.
fn target(schema: &Schema, act: &AuditRecord) -> Shown {
    let named = ["label", "name"].into_iter().find_map(|name| act.details.get(name)?.as_str());
    let label = named.unwrap_or(&act.target).to_owned();
    let record = act.target.split_once(':').and_then(|(object, id)| Some((schema.object(object)?, id)));
    match record {
        Some((object, id)) if !act.action.ends_with(".destroyed") => {
            Shown::Link { href: format!("/records/{}/{id}", object.plural), label }
        }
        _ => Shown::Text(label),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn of_before_and_after_only_what_differs_is_told() {
        let told = |details: Json| differences(&details);
        let pair = |name: &str, text: &str| (name.to_owned(), text.to_owned());
        let changed =
            json!({"before": {"time_zone": null, "name": "A"}, "after": {"time_zone": "UTC", "name": "A"}});
        assert_eq!(told(changed), [pair("time zone", "UTC")]);
        let moved = json!({"before": 1, "after": 2});
        assert_eq!(told(moved), [pair("change", "1 → 2")]);
        let made = json!({"after": {"label": "Old", "fallbacks": [], "operations": ["deal.*", "search"]}});
        assert_eq!(told(made), [pair("label", "Old"), pair("operations", "deal.*, search")]);
        assert!(told(json!({"role": "Viewer"})).is_empty());
    }
}
