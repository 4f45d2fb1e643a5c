//! How a value looks.

use kontor_core::{
    metadata::{Field, FieldKind, TextFormat},
    value::{Value, format_grouped},
};

use super::held;
use crate::{
    link,
    show::{Place, Shown, Viewer, badge, contact_points, exact, instant, line, on_day, prose, untyped, web},
};

/// How a field's value looks; a relation with the name of its record, where that may be read. `None` where the value
/// is of another kind.
pub(crate) fn shown(
    viewer: &Viewer,
    field: &Field,
    value: &Value,
    name: Option<&str>,
    place: Place,
) -> Option<Shown> {
    Some(match &field.kind {
        FieldKind::Id => line(&held!(value, Id).to_string(), place),
        FieldKind::Text { format } => {
            let text = held!(value, Text);
            match (format, place) {
                (TextFormat::Markdown, Place::Page) => prose(text),
                (TextFormat::Domain, _) => web(text),
                (TextFormat::Line | TextFormat::Markdown, _) => line(text, place),
            }
        }
        FieldKind::Number { decimals, .. } => Shown::Number(format_grouped(*held!(value, Number), *decimals)),
        FieldKind::Position => Shown::Number(held!(value, Position).to_string()),
        FieldKind::Boolean => Shown::Text(if *held!(value, Boolean) { "Yes" } else { "No" }.to_owned()),
        FieldKind::Date => on_day(*held!(value, Date), viewer.clock()),
        FieldKind::DateTime => {
            let at = *held!(value, DateTime);
            match place {
                Place::Page => exact(at, viewer.clock()),
                Place::Cell => instant(at, viewer.clock()),
            }
        }
        FieldKind::Select { options } => badge(options, held!(value, Select)),
        FieldKind::Currency => Shown::Number(held!(value, Money).to_string()),
        FieldKind::FullName => line(&held!(value, FullName).to_string(), place),
        FieldKind::Address => line(&held!(value, Address).to_string(), place),
        FieldKind::Emails => {
            let emails = held!(value, Emails);
            let mailbox = |address: &str| Some(link::mailbox(address));
            contact_points(&emails.primary, &emails.additional, mailbox, place)
        }
        FieldKind::Phones => {
            let phones = held!(value, Phones);
            contact_points(&phones.primary, &phones.additional, link::telephone, place)
        }
        FieldKind::SocialLinks => {
            let links = held!(value, SocialLinks).parts().into_iter().filter(|text| !text.is_empty());
            let links: Vec<_> = links.map(web).collect();
            if links.is_empty() { Shown::Empty } else { Shown::List(links) }
        }
        FieldKind::Actor => Shown::Text(held!(value, Actor).to_string()),
        FieldKind::Relation { object } => viewer.record(object, Some(*held!(value, Relation)), name),
        FieldKind::Target { .. } => {
            let target = held!(value, Target);
            viewer.record(&target.object, target.id, Some(&target.name))
        }
        FieldKind::Json => untyped(held!(value, Json), place),
    })
}
