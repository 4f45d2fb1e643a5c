use kontor_core::{
    environment::Environment,
    metadata::{FieldKind, Object},
};

use super::declare::{Naming, TARGETS, field, line, markdown, option, relation, select, target};

pub(super) fn object(environment: &Environment) -> Object {
    let status = vec![
        option("TODO", "To do", "gray"),
        option("IN_PROGRESS", "In progress", "blue"),
        option("DONE", "Done", "green"),
    ];
    let naming = Naming {
        name: "task",
        plural: "tasks",
        label: "Task",
        label_plural: "Tasks",
        description: "Something a member has to do.",
        icon: "check",
        label_field: "title",
    };
    let mut fields = vec![
        line("title", "Title").about("What is to be done, in one line.").required().searchable(),
        markdown("body", "Body").about("What there is to know about it, in Markdown.").searchable(),
        select("status", "Status", status).about("Whether it is done.").default("TODO").indexed(),
        field("due_at", "Due at", FieldKind::DateTime).about("When it has to be done.").indexed(),
        relation("assignee", "Assignee", "member").about("The member who does it.").default("$me"),
    ];
    fields.extend(target(&TARGETS));
    naming.object(environment, fields)
}
