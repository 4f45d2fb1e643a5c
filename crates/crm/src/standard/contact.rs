use kontor_core::{
    environment::Environment,
    metadata::{FieldKind, Object},
};

use super::declare::{Naming, field, line, option, percent, relation, select, sources};

pub(super) fn object(environment: &Environment) -> Object {
    let lifecycle = vec![
        option("LEAD", "Lead", "gray"),
        option("MQL", "Marketing qualified lead", "blue"),
        option("SQL", "Sales qualified lead", "purple"),
        option("CUSTOMER", "Customer", "green"),
        option("CHURNED", "Churned", "red"),
    ];
    let naming = Naming {
        name: "contact",
        plural: "contacts",
        label: "Contact",
        label_plural: "Contacts",
        description: "A person the business deals with.",
        icon: "user",
        label_field: "name",
    };
    let fields = vec![
        field("name", "Name", FieldKind::FullName)
            .about("First and last name.")
            .required()
            .indexed()
            .searchable(),
        field("emails", "Emails", FieldKind::Emails)
            .about("Mail addresses; no two contacts share one.")
            .unique()
            .searchable(),
        field("phones", "Phones", FieldKind::Phones).about("Telephone numbers.").indexed().searchable(),
        line("job_title", "Job title").about("What the person does at the account.").searchable(),
        relation("account", "Account", "account").about("The business the person belongs to."),
        select("lifecycle", "Lifecycle", lifecycle)
            .about("How far the person has come on the way to being a customer.")
            .default("LEAD")
            .indexed(),
        select("source", "Source", sources()).about("Where the person was first heard of."),
        percent("lead_score", "Lead score").about("How promising the person is, from 0 to 100.").indexed(),
        percent("engagement_score", "Engagement score")
            .about("How actively the person responds, from 0 to 100."),
        field("address", "Address", FieldKind::Address).about("Postal address.").searchable(),
        field("social_links", "Social links", FieldKind::SocialLinks).about("Profiles elsewhere."),
    ];
    naming.object(environment, fields)
}
