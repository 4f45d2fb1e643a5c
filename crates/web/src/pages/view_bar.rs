//! The views of an object above its records: which there are, and saving what is seen as one.

use askama::Template;
use kontor_core::{caller::Caller, filter::PartType, filter::Readable as _, metadata::Object};
use kontor_crm::views::{View, ViewType, Visibility};
use kontor_http::Services;

use super::view_state::{EDITED, Opened, VIEW, WITHOUT};
use crate::{
    error::Result,
    form::Fields,
    link::with_query,
    records::candidates,
    show::{Viewer, condition_words},
};

#[derive(Template)]
#[template(path = "fragments/view_bar.html")]
pub(super) struct ViewBar {
    plural: String,
    many: String,
    csrf: String,
    tabs: Vec<Tab>,
    opened: Option<OpenedView>,
    /// What is asked for, as fields of a form.
    asked: Vec<(String, String)>,
    /// What it can be shown as, each as a word of the form and as it is read.
    kinds: Vec<(String, String)>,
}

// Its template escapes what it shows.
impl askama::filters::HtmlSafe for ViewBar {}

struct Tab {
    href: String,
    label: String,
    icon: &'static str,
    is_current: bool,
    is_private: bool,
}

struct OpenedView {
    id: String,
    name: String,
    version: i64,
    is_private: bool,
    can_update: bool,
    /// Whether it may be made private: by its owner.
    is_own: bool,
    is_changed: bool,
    /// The filter in words, where no rows can say it, and the list without it.
    fixed: Option<(String, String)>,
}

impl ViewBar {
    pub(super) async fn new(
        state: &Services,
        caller: &Caller,
        viewer: &Viewer,
        object: &Object,
        csrf: &str,
        query: &Fields,
        opened: Option<&Opened>,
    ) -> Result<Self> {
        let views = state.crm.views(caller, Some(object.name.as_str())).await?;
        let current = opened.map(|opened| opened.view.id);
        let tabs = views.iter().map(|view| Tab {
            href: href(object, view),
            label: view.name.clone(),
            icon: icon(view.kind),
            is_current: current == Some(view.id),
            is_private: view.visibility == Visibility::Private,
        });
        // A column that the reader may not see is not repeated to them.
        let chosen: Vec<String> = query.all("c").map(str::to_owned).collect();
        let is_shown =
            |name: &str| candidates(object, caller, &chosen).iter().any(|column| column.field.name == *name);
        let names = ["f", "o", "v", "sort", VIEW, EDITED, WITHOUT];
        let is_asked = |(name, value): &&(String, String)| match name.as_str() {
            "c" => is_shown(value),
            name => names.contains(&name),
        };
        let asked = query.iter().filter(is_asked).cloned().collect();
        Ok(Self {
            plural: object.plural.to_string(),
            many: object.label_plural.to_lowercase(),
            csrf: csrf.to_owned(),
            tabs: tabs.collect(),
            opened: opened.map(|opened| shown(viewer, caller, object, opened)),
            asked,
            kinds: kinds(object, caller),
        })
    }
}

fn href(object: &Object, view: &View) -> String {
    with_query(&format!("/records/{}", object.plural), [(VIEW, view.id.to_string().as_str())])
}

fn icon(kind: ViewType) -> &'static str {
    match kind {
        ViewType::Table => "record",
        ViewType::Kanban => "columns",
        ViewType::Calendar => "calendar",
    }
}

fn shown(viewer: &Viewer, caller: &Caller, object: &Object, opened: &Opened) -> OpenedView {
    let view = &opened.view;
    let fixed = opened.fixed.as_ref().map(|filter| {
        let words = condition_words(viewer, object, filter);
        let pairs = [(VIEW, view.id.to_string()), (WITHOUT, "yes".to_owned())];
        let pairs = pairs.iter().map(|(name, value)| (*name, value.as_str()));
        let without = with_query(&format!("/records/{}", object.plural), pairs);
        (words.unwrap_or_else(|| filter.to_string()), without)
    });
    OpenedView {
        id: view.id.to_string(),
        name: view.name.clone(),
        version: view.version,
        is_private: view.visibility == Visibility::Private,
        can_update: view.can_update,
        is_own: view.owner.is_some() && view.owner == caller.member(),
        is_changed: opened.is_changed,
        fixed,
    }
}

/// What records of an object can be shown as.
fn kinds(object: &Object, caller: &Caller) -> Vec<(String, String)> {
    let readable =
        object.fields.iter().filter(|field| caller.grants.can_read_field(&object.name, &field.name));
    let others = readable.filter_map(|field| match field.kind.whole_type() {
        PartType::Option if !field.kind.options().is_empty() && !field.is_system => {
            Some((format!("KANBAN:{}", field.name), format!("Board by {}", field.label.to_lowercase())))
        }
        PartType::Date | PartType::DateTime if !field.is_system => {
            Some((format!("CALENDAR:{}", field.name), format!("Calendar by {}", field.label.to_lowercase())))
        }
        _ => None,
    });
    std::iter::once(("TABLE".to_owned(), "Table".to_owned())).chain(others).collect()
}
