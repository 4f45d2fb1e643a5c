use kontor_core::{
    environment::Environment,
    metadata::{FieldKind, Forecast, Name, Object, Outcome, Pipeline, SelectOption},
};

use super::declare::{Naming, field, line, option, percent, relation, select};

pub(super) fn object(environment: &Environment) -> Object {
    let forecast = vec![
        option("PIPELINE", "Pipeline", "gray"),
        option("BEST_CASE", "Best case", "blue"),
        option("COMMIT", "Commit", "purple"),
        option("CLOSED", "Closed", "green"),
        option("OMITTED", "Omitted", "red"),
    ];
    let naming = Naming {
        name: "deal",
        plural: "deals",
        label: "Deal",
        label_plural: "Deals",
        description: "A sale in the making.",
        icon: "target",
        label_field: "name",
    };
    let fields = vec![
        line("name", "Name").about("What is being sold to whom.").required().indexed().searchable(),
        field("amount", "Amount", FieldKind::Currency)
            .about("What the deal is worth.")
            .never_negative()
            .indexed(),
        select("stage", "Stage", stages())
            .about("Where the deal stands.")
            .default("LEAD")
            .required()
            .indexed(),
        field("close_date", "Close date", FieldKind::Date)
            .about("When the deal is expected to close, or did.")
            .indexed(),
        percent("probability", "Probability")
            .about("The chance of winning in percent; follows the stage unless it is given."),
        select("forecast_category", "Forecast category", forecast)
            .about("How the deal counts in the forecast.")
            .default("PIPELINE"),
        relation("account", "Account", "account").about("The business that buys."),
        relation("contact", "Contact", "contact").about("The point of contact."),
    ];
    Object { pipeline: Some(pipeline()), ..naming.object(environment, fields) }
}

/// What follows from a deal's stage.
pub(crate) fn pipeline() -> Pipeline {
    Pipeline {
        stage: Name::literal("stage"),
        probability: Name::literal("probability"),
        close_date: Name::literal("close_date"),
        forecast: Forecast {
            field: Name::literal("forecast_category"),
            closed: "CLOSED".to_owned(),
            omitted: "OMITTED".to_owned(),
        },
    }
}

fn stages() -> Vec<SelectOption> {
    let stage = |value, label, color, outcome, probability| SelectOption {
        outcome: Some(outcome),
        probability: Some(probability),
        ..option(value, label, color)
    };
    vec![
        stage("LEAD", "Lead", "gray", Outcome::Open, 10),
        stage("QUALIFIED", "Qualified", "blue", Outcome::Open, 25),
        stage("PROPOSAL", "Proposal", "purple", Outcome::Open, 50),
        stage("NEGOTIATION", "Negotiation", "orange", Outcome::Open, 75),
        stage("CLOSED_WON", "Closed Won", "green", Outcome::Won, 100),
        stage("CLOSED_LOST", "Closed Lost", "red", Outcome::Lost, 0),
    ]
}
