use kontor_core::{
    environment::Environment,
    metadata::{FieldKind, Object, TextFormat},
};

use super::declare::{Naming, count, field, line, option, percent, select};

pub(super) fn object(environment: &Environment) -> Object {
    let segment = vec![
        option("ENTERPRISE", "Enterprise", "purple"),
        option("MID_MARKET", "Mid-market", "blue"),
        option("SMB", "SMB", "turquoise"),
    ];
    let naming = Naming {
        name: "account",
        plural: "accounts",
        label: "Account",
        label_plural: "Accounts",
        description: "A business that is or may become a customer.",
        icon: "building",
        label_field: "name",
    };
    let fields = vec![
        line("name", "Name").about("The business's name.").required().indexed().searchable(),
        field("domain", "Domain", FieldKind::Text { format: TextFormat::Domain })
            .about("The domain of its website, such as example.com; no two accounts share one.")
            .unique()
            .searchable(),
        line("industry", "Industry").about("The trade it is in.").indexed().searchable(),
        select("segment", "Segment", segment).about("How large a customer it is.").indexed(),
        count("employees", "Employees").about("How many people work there."),
        field("annual_recurring_revenue", "Annual recurring revenue", FieldKind::Currency)
            .about("What it pays in a year for subscriptions.")
            .never_negative()
            .indexed(),
        percent("health_score", "Health score").about("How content the customer is, from 0 to 100."),
        field("ideal_customer_profile", "Ideal customer profile", FieldKind::Boolean)
            .about("Whether it fits the profile of the best customers.")
            .default(false),
        field("address", "Address", FieldKind::Address).about("Postal address.").searchable(),
        field("social_links", "Social links", FieldKind::SocialLinks).about("Profiles elsewhere."),
    ];
    naming.object(environment, fields)
}
