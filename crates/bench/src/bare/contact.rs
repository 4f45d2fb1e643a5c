//! A contact as the bare server reads, writes and shows it.

use kontor_core::{
    text::{fold, phone_words, words},
    time::Timestamp,
    value::{Emails, FullName, Phones},
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The columns of [`Contact::read`] but for the account's name, in its order.
const COLUMNS: [&str; 16] = [
    "id",
    "version",
    "name_first",
    "name_last",
    "emails_primary",
    "emails_additional",
    "phones_primary",
    "phones_additional",
    "job_title",
    "account_id",
    "lifecycle",
    "source",
    "lead_score",
    "engagement_score",
    "created_at",
    "updated_at",
];

/// The columns written for a new contact, in the order of both engines' bindings.
pub(super) const WRITTEN: [&str; 23] = [
    "id",
    "version",
    "name_first",
    "name_last",
    "name_full_folded",
    "emails_primary",
    "emails_additional",
    "phones_primary",
    "phones_additional",
    "job_title",
    "job_title_folded",
    "account_id",
    "lifecycle",
    "source",
    "lead_score",
    "engagement_score",
    "position",
    "created_at",
    "updated_at",
    "created_by_kind",
    "created_by_name",
    "updated_by_kind",
    "updated_by_name",
];

/// Who the bare server says wrote a record: kind and name.
pub(super) const WRITER: (&str, &str) = ("system", "bare");

/// The most words of a field that the search finds a contact by.
const WORDS: usize = 2_000;

/// The columns of [`Contact::read`], each of `alias`, with the account's name as `name` yields it.
pub(super) fn columns(alias: &str, name: &str) -> String {
    let mut columns: Vec<_> = COLUMNS.iter().map(|column| format!("{alias}{column}")).collect();
    columns.push(name.to_owned());
    columns.join(", ")
}

/// The JSON that Kontor answers when asked for these twelve fields.
#[derive(Debug, Serialize)]
pub(super) struct Contact {
    id: Uuid,
    label: String,
    version: i64,
    name: FullName,
    emails: Option<Emails>,
    phones: Option<Phones>,
    job_title: Option<String>,
    account: Option<Account>,
    lifecycle: Option<String>,
    source: Option<String>,
    lead_score: Option<i64>,
    engagement_score: Option<i64>,
    created_at: Timestamp,
    updated_at: Timestamp,
}

#[derive(Debug, Serialize)]
struct Account {
    id: Uuid,
    #[serde(skip_serializing_if = "Option::is_none")]
    label: Option<String>,
}

/// The cells of a row, as an engine's driver decodes them.
pub(super) trait Cells {
    type Error;
    fn uuid(&self, index: usize) -> Result<Option<Uuid>, Self::Error>;
    fn text(&self, index: usize) -> Result<Option<String>, Self::Error>;
    fn integer(&self, index: usize) -> Result<Option<i64>, Self::Error>;
    fn texts(&self, index: usize) -> Result<Vec<String>, Self::Error>;
    fn instant(&self, index: usize) -> Result<Timestamp, Self::Error>;
}

impl Contact {
    pub(super) fn read<C: Cells>(cells: &C) -> Result<Self, C::Error> {
        let name =
            FullName { first: cells.text(2)?.unwrap_or_default(), last: cells.text(3)?.unwrap_or_default() };
        let emails = match cells.text(4)? {
            Some(primary) => Some(Emails { primary, additional: cells.texts(5)? }),
            None => None,
        };
        let phones = match cells.text(6)? {
            Some(primary) => Some(Phones { primary, additional: cells.texts(7)? }),
            None => None,
        };
        let account = match cells.uuid(9)? {
            Some(id) => Some(Account { id, label: cells.text(16)? }),
            None => None,
        };
        Ok(Self {
            id: cells.uuid(0)?.unwrap_or_default(),
            version: cells.integer(1)?.unwrap_or_default(),
            label: name.to_string(),
            name,
            emails,
            phones,
            job_title: cells.text(8)?,
            account,
            lifecycle: cells.text(10)?,
            source: cells.text(11)?,
            lead_score: cells.integer(12)?,
            engagement_score: cells.integer(13)?,
            created_at: cells.instant(14)?,
            updated_at: cells.instant(15)?,
        })
    }

    pub(super) fn id(&self) -> Uuid {
        self.id
    }
}

/// A contact to be made.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct NewContact {
    pub name: FullName,
    pub emails: Emails,
    pub phones: Phones,
    pub job_title: String,
    pub account: Uuid,
    pub lifecycle: String,
    pub source: String,
    pub lead_score: i64,
    pub engagement_score: i64,
}

impl NewContact {
    pub(super) fn folded_name(&self) -> String {
        fold(&self.name.to_string())
    }

    pub(super) fn folded_title(&self) -> String {
        fold(&self.job_title)
    }

    /// The tokens that the search finds the contact by.
    pub(super) fn tokens(&self) -> Vec<String> {
        let (name, emails) = (self.name.to_string(), &self.emails.primary);
        let texts = [
            words(&name, WORDS),
            words(emails, WORDS),
            phone_words(&self.phones.primary),
            words(&self.job_title, WORDS),
        ];
        let slotted = texts.into_iter().enumerate();
        slotted.flat_map(|(slot, words)| words.into_iter().map(move |word| format!("{slot}{word}"))).collect()
    }

    /// The contact as it is answered.
    pub(super) fn made(self, id: Uuid, now: Timestamp) -> Contact {
        Contact {
            id,
            label: self.name.to_string(),
            version: 1,
            name: self.name,
            emails: Some(self.emails),
            phones: Some(self.phones),
            job_title: Some(self.job_title),
            account: Some(Account { id: self.account, label: None }),
            lifecycle: Some(self.lifecycle),
            source: Some(self.source),
            lead_score: Some(self.lead_score),
            engagement_score: Some(self.engagement_score),
            created_at: now,
            updated_at: now,
        }
    }
}

/// What an update changes.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Changes {
    pub lead_score: i64,
    pub lifecycle: String,
}
