//! A view of type CALENDAR: records on the days of a date, a month or a week at a time.

use std::collections::BTreeMap;

use askama::Template;
use axum::response::{IntoResponse as _, Response};
use kontor_core::{grants::Action, metadata::Field, time::Date, value::Value};
use kontor_crm::records::{ListQuery, MAX_LIMIT, Record};
use serde_json::json;

use super::{
    board::Asked,
    view_bar::ViewBar,
    view_state::{VIEW, both},
};
use crate::{
    assets,
    error::{PageError, Result, page},
    link::with_query,
    records,
    shell::Shell,
    show::condition_words,
};

const DAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
/// Records on a day of a month; those of a week's days are all shown.
const ON_A_DAY: usize = 5;

#[derive(Template)]
#[template(path = "calendar.html")]
struct CalendarPage<'a> {
    assets: &'static str,
    shell: Shell,
    object: &'a str,
    plural: &'a str,
    label: String,
    can_create: bool,
    views: ViewBar,
    words: Option<String>,
    title: String,
    is_week: bool,
    previous: String,
    next: String,
    today: String,
    /// The same days as a month, or the same as a week.
    month: String,
    week: String,
    days: [&'static str; 7],
    weeks: Vec<Vec<Day>>,
    is_cut: bool,
}

struct Day {
    number: u8,
    name: String,
    is_today: bool,
    /// Of another month than the one that is shown.
    is_outside: bool,
    records: Vec<(String, String)>,
    more: usize,
    more_href: String,
}

/// The days that are shown.
struct Span {
    first: Date,
    weeks: i64,
    /// The first day of the month, where it is a month.
    month: Option<Date>,
}

pub(super) async fn show(asked: Asked<'_>, shell: Shell) -> Result<Response> {
    let Asked { state, caller, object, viewer, query, opened } = asked;
    let by = opened.view.group_by.as_ref().and_then(|name| object.field(name));
    let by = by.ok_or_else(PageError::not_found)?;
    let today = caller.today(state.environment.now());
    let span = Span::of(query.get("month"), query.get("week"), today);
    let end = span.first.plus_days(span.weeks * 7);
    let within = json!({ by.name.as_str(): { "gte": span.first, "lt": end } });
    let list = ListQuery {
        filter: both(opened.view.filter.clone(), Some(within)),
        sort: Some(by.name.to_string()),
        fields: Some(records::fields_to_read(object, caller, &[by])),
        limit: MAX_LIMIT,
        ..ListQuery::default()
    };
    let found = state.crm.list(caller, &object.name, list).await?;
    let mut on_days: BTreeMap<String, Vec<&Record>> = BTreeMap::new();
    for record in &found.records {
        let day = match record.values.get(&by.name) {
            Some(Value::Date(date)) => *date,
            Some(Value::DateTime(at)) => caller.locale.time_zone.date(*at),
            _ => continue,
        };
        on_days.entry(day.to_string()).or_default().push(record);
    }
    let path = format!("/records/{}", object.plural);
    let view = opened.view.id.to_string();
    let at = |name: &str, value: &str| with_query(&path, [(VIEW, view.as_str()), (name, value)]);
    let day = |date: Date| {
        let key = date.to_string();
        let records = on_days.get(&key).map(Vec::as_slice).unwrap_or_default();
        let most = if span.month.is_some() { ON_A_DAY } else { records.len() };
        Day {
            number: date.inner().day(),
            name: format!("{} {}", date.inner().day(), month_name(date)),
            is_today: date == today,
            is_outside: span.month.is_some_and(|month| month.inner().month() != date.inner().month()),
            records: records.iter().take(most).map(|record| named(record)).collect(),
            more: records.len().saturating_sub(most),
            more_href: at("week", &key),
        }
    };
    let weeks = (0..span.weeks).map(|week| (0..7).map(|n| day(span.first.plus_days(week * 7 + n))).collect());
    let views = ViewBar::new(state, caller, viewer, object, &shell.csrf, &opened.query, Some(opened)).await?;
    let (previous, next) = span.beside();
    let name = if span.month.is_some() { "month" } else { "week" };
    let shown = CalendarPage {
        assets: &assets::BASE,
        object: &object.name,
        plural: &object.plural,
        label: object.label.to_lowercase(),
        can_create: !object.is_read_only && caller.grants.allows(&object.name, Action::Create),
        views,
        words: opened.view.filter.as_ref().and_then(|filter| condition_words(viewer, object, filter)),
        title: span.title(by),
        is_week: span.month.is_none(),
        previous: at(name, &span.written(previous)),
        next: at(name, &span.written(next)),
        today: with_query(&path, [(VIEW, view.as_str()), (name, &span.written(today))]),
        month: at("month", &written_month(span.month.unwrap_or(span.first))),
        week: at("week", &span.month.map_or(span.first, |month| Span::begin(month, today)).to_string()),
        days: DAYS,
        weeks: weeks.collect(),
        is_cut: found.has_more,
        shell,
    };
    Ok(page(&shown)?.into_response())
}

impl Span {
    /// The month or week that an address names; this month where it names none that there is.
    fn of(month: &str, week: &str, today: Date) -> Self {
        if let Ok(day) = week.parse::<Date>() {
            return Self { first: monday(day), weeks: 1, month: None };
        }
        let month = format!("{month}-01").parse().map_or_else(|_| first_of_month(today), first_of_month);
        let (first, next) = (monday(month), first_of_month(month.plus_days(31)));
        let days = (next.inner() - first.inner()).whole_days();
        Self { first, weeks: days.div_euclid(7) + i64::from(days.rem_euclid(7) > 0), month: Some(month) }
    }

    /// A day of the month or week before, and of the one after.
    fn beside(&self) -> (Date, Date) {
        match self.month {
            Some(month) => (month.plus_days(-1), month.plus_days(31)),
            None => (self.first.plus_days(-7), self.first.plus_days(7)),
        }
    }

    /// A day as an address names its month or week.
    fn written(&self, day: Date) -> String {
        if self.month.is_some() { written_month(day) } else { monday(day).to_string() }
    }

    /// The day whose week is shown for a month: today where it is in it.
    fn begin(month: Date, today: Date) -> Date {
        if first_of_month(today) == month { today } else { month }
    }

    fn title(&self, by: &Field) -> String {
        let label = by.label.to_lowercase();
        match self.month {
            Some(month) => format!("{} {} by {label}", month_name(month), month.inner().year()),
            None => {
                let day = self.first.inner();
                format!("Week of {} {} {} by {label}", day.day(), month_name(self.first), day.year())
            }
        }
    }
}

fn named(record: &Record) -> (String, String) {
    (format!("/records/{}/{}", record.object.plural, record.id), record.label.clone())
}

fn first_of_month(day: Date) -> Date {
    day.plus_days(1 - i64::from(day.inner().day()))
}

fn monday(day: Date) -> Date {
    day.plus_days(-i64::from(day.inner().weekday().number_days_from_monday()))
}

fn month_name(day: Date) -> &'static str {
    MONTHS.get(usize::from(u8::from(day.inner().month())) - 1).copied().unwrap_or_default()
}

/// `2026-11`
fn written_month(day: Date) -> String {
    day.to_string().chars().take(7).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_is_shown_in_whole_weeks_and_leads_to_those_beside_it() {
        let today = "2026-11-30".parse().unwrap();
        let span = Span::of("", "", today);
        assert_eq!((span.first.to_string().as_str(), span.weeks), ("2026-10-26", 6));
        let (previous, next) = span.beside();
        assert_eq!(
            (span.written(previous), span.written(next)),
            ("2026-10".to_owned(), "2026-12".to_owned())
        );
        let february = Span::of("2027-02", "", today);
        assert_eq!((february.first.to_string().as_str(), february.weeks), ("2027-02-01", 4));
        assert_eq!(february.written(february.beside().1), "2027-03");
        assert_eq!(Span::of("nonsense", "", today).first, span.first);
        let week = Span::of("", "2026-12-02", today);
        assert_eq!((week.first.to_string().as_str(), week.weeks), ("2026-11-30", 1));
        assert_eq!(week.written(week.beside().0), "2026-11-23");
    }
}
