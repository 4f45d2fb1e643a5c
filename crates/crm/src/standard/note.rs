use kontor_core::{environment::Environment, metadata::Object};

use super::declare::{Naming, TARGETS, line, markdown, target};

pub(super) fn object(environment: &Environment) -> Object {
    let naming = Naming {
        name: "note",
        plural: "notes",
        label: "Note",
        label_plural: "Notes",
        description: "Something worth keeping, written down.",
        icon: "file",
        label_field: "title",
    };
    let mut fields = vec![
        line("title", "Title").about("What the note is about, in one line.").required().searchable(),
        markdown("body", "Body").about("The note itself, in Markdown.").searchable(),
    ];
    fields.extend(target(&TARGETS));
    naming.object(environment, fields)
}
