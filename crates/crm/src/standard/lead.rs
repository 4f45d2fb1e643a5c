use kontor_core::{
    environment::Environment,
    metadata::{FieldKind, Object},
};

use super::declare::{Naming, field, line, markdown, option, percent, relation, select, sources};

pub(super) fn object(environment: &Environment) -> Object {
    let status = vec![
        option("NEW", "New", "gray"),
        option("CONTACTED", "Contacted", "blue"),
        option("QUALIFIED", "Qualified", "green"),
        option("UNQUALIFIED", "Unqualified", "red"),
        option("CONVERTED", "Converted", "purple"),
    ];
    let naming = Naming {
        name: "lead",
        plural: "leads",
        label: "Lead",
        label_plural: "Leads",
        description: "A person who may become a contact, not yet qualified.",
        icon: "sparkles",
        label_field: "name",
    };
    let fields = vec![
        field("name", "Name", FieldKind::FullName)
            .about("First and last name.")
            .required()
            .indexed()
            .searchable(),
        line("company", "Company").about("The business the person works for.").searchable(),
        field("emails", "Emails", FieldKind::Emails).about("Mail addresses.").indexed().searchable(),
        field("phones", "Phones", FieldKind::Phones).about("Telephone numbers.").indexed().searchable(),
        line("job_title", "Job title").about("What the person does there.").searchable(),
        select("status", "Status", status)
            .about("How far the lead has been worked.")
            .default("NEW")
            .indexed(),
        select("source", "Source", sources()).about("Where the lead came from."),
        percent("score", "Score").about("How promising the lead is, from 0 to 100.").indexed(),
        markdown("notes", "Notes").about("What is known so far, in Markdown.").searchable(),
        field("converted_at", "Converted at", FieldKind::DateTime).about("When the lead was converted."),
        relation("converted_contact", "Converted contact", "contact").about("The contact it became."),
        relation("converted_account", "Converted account", "account").about("The account it became."),
        relation("converted_deal", "Converted deal", "deal").about("The deal it opened."),
    ];
    naming.object(environment, fields)
}
