//! A form made of an object's fields.

use kontor_core::{
    caller::Caller,
    currency::Currency,
    grants::Grants,
    metadata::{Field, Name, Object, Schema},
    value::Value,
};

use super::{
    columns::is_part_of_target,
    held::Held,
    names::{self, LABEL, PICKED},
    problems::{Problems, Trouble},
};
use crate::{
    form::Fields,
    kinds::{self, control},
    show::Shown,
};

/// The currencies that come first where a workspace has not used any.
const USUAL_CURRENCIES: [&str; 5] = ["USD", "EUR", "GBP", "CHF", "JPY"];
/// The days that a form takes.
pub(crate) const DAYS: [&str; 2] = ["1900-01-01", "2999-12-31"];

/// One field of a form, with what stands in it.
pub(crate) struct Input {
    pub name: String,
    pub label: String,
    pub hint: String,
    pub is_required: bool,
    /// Takes the whole width.
    pub is_wide: bool,
    pub control: Control,
    /// What was wrong with what was sent.
    pub wrong: Option<Trouble>,
    /// Where a page that comes back is begun.
    pub is_first_wrong: bool,
    /// What the record holds by now, where it is not what was sent.
    pub newer: Option<Shown>,
}

pub(crate) enum Control {
    Line {
        kind: &'static str,
        value: String,
        min: String,
        max: String,
        mode: &'static str,
    },
    Area {
        value: String,
    },
    Choice {
        options: Vec<(String, String)>,
        value: String,
        has_empty: bool,
    },
    Money {
        amount: String,
        currency: String,
        /// Those that come first, and the others.
        currencies: [Vec<String>; 2],
    },
    Parts(Vec<Part>),
    Points {
        kind: &'static str,
        primary: String,
        additional: String,
    },
    Record {
        objects: String,
        value: String,
        label: String,
        /// The text that the value was picked by.
        picked: String,
        /// Whether, and by which name, a record is to be made.
        choice: String,
        is_target: bool,
        /// What one of the records is called, and what several are.
        thing: String,
        things: String,
        /// Whether a record can be made by its name.
        creates: bool,
    },
}

/// One part of a composite field.
pub(crate) struct Part {
    pub name: String,
    pub label: &'static str,
    pub value: String,
    pub is_whole: bool,
}

/// Whether the caller may write the field by a form.
pub(crate) fn is_editable(grants: &Grants, object: &Object, field: &Field) -> bool {
    kinds::of(&field.kind).has_control
        && !field.is_system
        && !is_part_of_target(object, field)
        && grants.can_update_field(&object.name, &field.name)
}

/// The inputs of all fields that the caller may write, with the record's values, and in their place what was
/// sent.
pub(crate) fn inputs(
    schema: &Schema,
    caller: &Caller,
    object: &Object,
    held: &Held,
    sent: Option<&Fields>,
    problems: &Problems,
    used_currencies: &[String],
) -> Vec<Input> {
    let form = Form { schema, caller, used_currencies };
    let mut inputs: Vec<_> = object
        .fields
        .iter()
        .filter(|field| is_editable(&caller.grants, object, field))
        .filter_map(|field| {
            let control = control::control(&form, field, &Source { field, held, sent })?;
            Some(Input {
                name: field.name.to_string(),
                label: field.label.clone(),
                hint: control::hint(&field.kind),
                is_required: field.is_required,
                is_wide: matches!(control, Control::Area { .. } | Control::Parts(_) | Control::Points { .. })
                    || field.name == object.label_field,
                control,
                wrong: problems.at(&field.name),
                is_first_wrong: false,
                newer: None,
            })
        })
        .collect();
    if let Some(first) = inputs.iter_mut().find(|input| input.wrong.is_some()) {
        first.is_first_wrong = true;
    }
    inputs
}

/// What all controls of a form are made with.
pub(crate) struct Form<'a> {
    pub schema: &'a Schema,
    caller: &'a Caller,
    pub used_currencies: &'a [String],
}

impl Form<'_> {
    /// The currency of an amount where there is none yet.
    pub(crate) fn usual_currency(&self) -> &str {
        self.used_currencies.first().map_or(self.caller.locale.currency.code(), String::as_str)
    }
}

/// Where a control's text comes from.
pub(crate) struct Source<'a> {
    field: &'a Field,
    held: &'a Held,
    sent: Option<&'a Fields>,
}

impl Control {
    /// A line of text, for which a keyboard of `mode` is shown.
    pub(crate) fn line(value: String, mode: &'static str) -> Self {
        Self::Line { kind: "text", value, min: String::new(), max: String::new(), mode }
    }
}

impl Input {
    /// Whether what it says of the time zone is put right by a script.
    pub(crate) fn is_moment(&self) -> bool {
        matches!(self.control, Control::Line { kind: "datetime-local", .. })
    }
}

impl Source<'_> {
    /// The text of a part, the whole where the part has no name.
    pub(crate) fn text(&self, part: &str, of_value: impl FnOnce(&Value) -> Option<String>) -> String {
        match self.sent {
            Some(sent) => sent.find(&input_name(&self.field.name, part)).unwrap_or_default().to_owned(),
            None => of_value(self.held.value(self.field)).unwrap_or_default(),
        }
    }
}

/// The name of an input: the field's, and a part's after a dot.
pub(crate) fn input_name(field: &str, part: &str) -> String {
    if part.is_empty() { field.to_owned() } else { format!("{field}.{part}") }
}

/// A control that names a record of one of the objects.
pub(crate) fn record(
    form: &Form<'_>,
    source: &Source<'_>,
    objects: &[Name],
    value: String,
    is_target: bool,
) -> Control {
    let held = |_: &Value| source.held.name(source.field).map(str::to_owned);
    let (thing, things) = names::things(form.schema, objects);
    let only = if let [only] = objects { form.schema.object(only) } else { None };
    Control::Record {
        value,
        label: source.text(LABEL, held),
        picked: source.text(PICKED, held),
        choice: names::kept_choice(source.sent, &source.field.name),
        is_target,
        thing,
        things,
        creates: only.is_some_and(|object| names::may_create(form.caller, object)),
        objects: objects.iter().map(ToString::to_string).collect::<Vec<_>>().join(","),
    }
}

/// The currencies that a form offers: those that the workspace has used, the usual ones and the one that is
/// chosen, and then all others.
pub(crate) fn currencies(used: &[String], chosen: &str) -> [Vec<String>; 2] {
    let mut first: Vec<String> = used.to_vec();
    first.extend(USUAL_CURRENCIES.map(str::to_owned));
    first.push(chosen.to_owned());
    let mut seen = std::collections::HashSet::new();
    first.retain(|code| seen.insert(code.clone()));
    let current = Currency::current();
    let others = current.iter().map(|currency| currency.code().to_owned());
    let others = others.filter(|code| !first.contains(code)).collect();
    [first, others]
}

/// A control for each part: its name, its label, and whether it takes a whole line.
pub(crate) fn parts(
    source: &Source<'_>,
    parts: &[(&'static str, &'static str, bool)],
    text: impl for<'v> Fn(&'v Value, &str) -> Option<&'v String>,
) -> Control {
    Control::Parts(
        parts
            .iter()
            .map(|(part, label, is_whole)| Part {
                name: input_name(&source.field.name, part),
                label,
                value: source.text(part, |value| text(value, part).cloned()),
                is_whole: *is_whole,
            })
            .collect(),
    )
}

/// A control for a primary text and others, one a line.
pub(crate) fn points(
    source: &Source<'_>,
    kind: &'static str,
    held: impl for<'v> Fn(&'v Value) -> Option<(&'v String, &'v Vec<String>)>,
) -> Control {
    Control::Points {
        kind,
        primary: source.text("primary", |value| Some(held(value)?.0.clone())),
        additional: source.text("additional", |value| Some(held(value)?.1.join("\n"))),
    }
}
