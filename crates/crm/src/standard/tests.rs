use std::{fmt::Write, sync::Arc};

use kontor_core::{
    environment::{Environment, ManualClock, SeededRandom},
    metadata::{Field, FieldKind, Object},
    time::Timestamp,
    value::parse_value,
};

fn objects() -> Vec<Object> {
    let clock = ManualClock::at(Timestamp::EPOCH);
    super::objects(&Environment::new(Arc::new(clock), Arc::new(SeededRandom::new(1))))
}

fn marks(field: &Field) -> String {
    let marks = [
        (field.is_required, "required"),
        (field.is_unique, "unique"),
        (field.is_never_negative, "never negative"),
        (field.is_indexed, "indexed"),
        (field.is_searchable, "searchable"),
        (field.is_system, "system"),
    ];
    marks.iter().filter(|(holds, _)| *holds).map(|(_, word)| format!(" {word}")).collect()
}

fn describe(kind: &FieldKind) -> String {
    let settings = serde_json::to_value(kind).unwrap();
    match settings.get("settings") {
        Some(settings) if kind.options().is_empty() => format!("{} {settings}", kind.name()),
        _ => kind.name().to_owned(),
    }
}

#[test]
fn the_standard_objects_have_these_fields_defaults_and_options() {
    let mut text = String::new();
    for object in objects() {
        let reading = if object.is_read_only { ", read-only" } else { "" };
        writeln!(text, "{} / {} (label: {}{reading})", object.name, object.plural, object.label_field)
            .unwrap();
        for field in &object.fields {
            let default = field.default.as_ref().map(|value| format!(" = {value}")).unwrap_or_default();
            writeln!(text, "  {}: {}{}{default}", field.name, describe(&field.kind), marks(field)).unwrap();
            for option in field.kind.options() {
                let outcome = option.outcome.map(|outcome| format!(" {outcome:?}")).unwrap_or_default();
                let chance = option.probability.map(|percent| format!(" {percent}%")).unwrap_or_default();
                let (value, label, color) = (&option.value, &option.label, &option.color);
                writeln!(text, "    {value} ({label}, {color}){outcome}{chance}").unwrap();
            }
        }
    }
    insta::assert_snapshot!(text);
}

#[test]
fn every_object_holds_together() {
    let objects = objects();
    let mut known: Vec<&str> = Vec::new();
    for object in &objects {
        assert!(object.field(&object.label_field).is_some_and(|field| field.is_required), "{}", object.name);
        known.push(&object.name);
        let mut columns: Vec<_> =
            object.fields.iter().flat_map(|field| field.columns()).map(|column| column.name).collect();
        let all = columns.len();
        columns.sort();
        columns.dedup();
        assert_eq!(columns.len(), all, "{} has two columns of one name", object.name);
        for field in &object.fields {
            assert!(
                !field.label.is_empty() && !field.description.is_empty(),
                "{}.{}",
                object.name,
                field.name
            );
            if let FieldKind::Relation { object: target } = &field.kind {
                assert!(known.contains(&target.as_str()), "{}.{} points forward", object.name, field.name);
            }
            if let Some(default) =
                field.default.as_ref().filter(|default| **default != "now" && **default != "$me")
            {
                parse_value(field, default, None, &kontor_core::locale::Locale::default()).unwrap();
            }
        }
    }
}

#[test]
fn a_target_has_a_relation_for_each_object_it_can_be() {
    for object in objects() {
        let Some(Field { kind: FieldKind::Target { objects }, .. }) = object.field("target") else {
            continue;
        };
        for target in objects {
            let field = object.field(target).unwrap();
            assert_eq!(field.kind, FieldKind::Relation { object: target.clone() });
        }
    }
}
