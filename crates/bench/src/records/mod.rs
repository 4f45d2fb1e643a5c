//! What a CRM does all day, measured on Kontor and beside it on the [bare](crate::bare) server.

mod fill;
mod people;
mod report;
mod requests;

use serde::Deserialize;

pub use self::{
    fill::{Filled, fill, fill_cities},
    report::{Line, Report},
    requests::{Operation, Requests, Side},
};

/// The records on a measured page.
pub const PAGE: usize = 60;

/// A list that is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Listing {
    /// One lifecycle, newest first: an index serves the filter and the order.
    Lifecycle,
    /// The highest lead scores: an index serves the filter and the first key of the order.
    LeadScore,
    /// Many engagement scores by job title: no index serves either.
    Engagement,
    /// Those with a word in a searchable field, newest first.
    Search,
}

impl Listing {
    pub const ALL: [Self; 4] = [Self::Lifecycle, Self::LeadScore, Self::Engagement, Self::Search];

    /// The path on the bare server.
    fn bare(self) -> &'static str {
        match self {
            Self::Lifecycle => "/lists/lifecycle/CUSTOMER",
            Self::LeadScore => "/lists/lead_score/50",
            Self::Engagement => "/lists/engagement/50",
            Self::Search => "/lists/search/hartmann",
        }
    }

    /// The same as Kontor's query parameters.
    fn parameters(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Lifecycle => &[("filter", r#"{"lifecycle":{"eq":"CUSTOMER"}}"#)],
            Self::LeadScore => &[("filter", r#"{"lead_score":{"gte":50}}"#), ("sort", "-lead_score")],
            Self::Engagement => &[("filter", r#"{"engagement_score":{"gte":50}}"#), ("sort", "job_title")],
            Self::Search => &[("search", "hartmann")],
        }
    }
}
