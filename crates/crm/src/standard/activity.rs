use kontor_core::{
    environment::Environment,
    metadata::{FieldKind, Object},
};

use super::declare::{Naming, TARGETS, field, line, markdown, option, relation, select, target};

pub(super) fn object(environment: &Environment) -> Object {
    let types = vec![
        option("EMAIL", "Email", "blue"),
        option("CALL", "Call", "green"),
        option("MEETING", "Meeting", "purple"),
        option("MESSAGE", "Message", "turquoise"),
    ];
    let naming = Naming {
        name: "activity",
        plural: "activities",
        label: "Activity",
        label_plural: "Activities",
        description: "An email, a call, a meeting or a message that took place.",
        icon: "calendar",
        label_field: "subject",
    };
    let mut fields = vec![
        select("type", "Type", types).about("What kind of activity it was.").required().indexed(),
        line("subject", "Subject").about("What it was about, in one line.").required().searchable(),
        markdown("body", "Body").about("What was said, in Markdown.").searchable(),
        field("happened_at", "Happened at", FieldKind::DateTime)
            .about("When it took place.")
            .default("now")
            .indexed(),
        relation("performed_by", "Performed by", "member")
            .about("The member who took part in it.")
            .default("$me"),
    ];
    fields.extend(target(&TARGETS));
    fields.push(
        field("properties", "Properties", FieldKind::Json)
            .about("What else a source recorded, as JSON: participants, duration, message id."),
    );
    naming.object(environment, fields)
}
