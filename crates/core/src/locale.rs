//! How a caller's words are read and told: in which time zone their days begin, which currency they mean where they
//! say none, and in which language dates are written for them.

mod dates;
mod offsets;

use std::{fmt, str::FromStr};

use chrono::{
    DateTime, Datelike as _, LocalResult, NaiveDate, NaiveDateTime, Offset as _, TimeZone as _, Timelike as _,
};
use chrono_tz::{OffsetName as _, Tz};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

pub use self::{
    dates::{DateLanguage, InvalidDateLanguage},
    offsets::Offsets,
};
use crate::{
    currency::Currency,
    text,
    time::{Date, Timestamp},
};

/// A caller's time zone, currency and language of dates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Locale {
    pub time_zone: TimeZone,
    /// That of amounts which name none.
    pub currency: Currency,
    pub dates: DateLanguage,
}

impl Default for Locale {
    fn default() -> Self {
        Self { time_zone: TimeZone::UTC, currency: Currency::USD, dates: DateLanguage::default() }
    }
}

/// A time zone of the IANA database, such as `Europe/Berlin`; `UTC` where none is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeZone(Tz);

/// The text given where a time zone was expected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not the name of a time zone such as Europe/Berlin")]
pub struct InvalidTimeZone(String);

impl Default for TimeZone {
    fn default() -> Self {
        Self::UTC
    }
}

impl TimeZone {
    pub const UTC: Self = Self(Tz::UTC);

    /// The names of all zones, in alphabetical order.
    pub fn names() -> impl Iterator<Item = &'static str> {
        chrono_tz::TZ_VARIANTS.iter().map(|zone| zone.name())
    }

    pub fn name(self) -> &'static str {
        self.0.name()
    }

    pub fn is_utc(self) -> bool {
        self.0 == Tz::UTC
    }

    /// The day that an instant lies in.
    pub fn date(self, at: Timestamp) -> Date {
        date(self.local(at).date())
    }

    /// What clocks show at an instant: the day, the hour and the minute.
    pub fn wall_clock(self, at: Timestamp) -> (Date, u8, u8) {
        let local = self.local(at);
        let small = |part: u32| u8::try_from(part).unwrap_or_default();
        (date(local.date()), small(local.hour()), small(local.minute()))
    }

    /// An instant as RFC 3339 with what clocks show: `2026-11-30T10:00:00+01:00`; in UTC with a `Z`.
    pub fn rfc3339(self, at: Timestamp) -> String {
        if self.is_utc() {
            return at.to_string();
        }
        self.zoned(at).to_rfc3339_opts(chrono::SecondsFormat::AutoSi, false)
    }

    /// How the zone calls itself at an instant: `CET`, or `+03`.
    pub fn abbreviation(self, at: Timestamp) -> String {
        self.zoned(at).offset().abbreviation().unwrap_or("UTC").to_owned()
    }

    /// The first instant of a day.
    pub fn start_of(self, date: Date) -> Timestamp {
        self.instant(naive(date).and_hms_opt(0, 0, 0).unwrap_or_default())
    }

    /// The instant at which clocks show this: a time that they show twice is the first, one that they skip is as long
    /// after the last before the gap as it says.
    ///
    /// # Errors
    /// A text that is no `2026-03-01T09:30`, with or without seconds.
    pub fn parse_local(self, text: &str) -> Result<Timestamp, crate::time::InvalidTime> {
        // The library would also read other numbers of digits, and the year 26 is nobody's.
        let is_whole = text.bytes().take(16).map(|b| if b.is_ascii_digit() { b'0' } else { b });
        let is_whole = is_whole.eq(*b"0000-00-00T00:00");
        let forms = ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%dT%H:%M"];
        let local = forms.iter().find_map(|form| NaiveDateTime::parse_from_str(text, form).ok());
        match local.filter(|_| is_whole) {
            Some(local) => Ok(self.instant(local)),
            None => Err(crate::time::InvalidTime::Timestamp(text::excerpt(text, 80))),
        }
    }

    fn instant(self, local: NaiveDateTime) -> Timestamp {
        let micros = match self.0.from_local_datetime(&local) {
            LocalResult::Single(at) | LocalResult::Ambiguous(at, _) => at.timestamp_micros(),
            // Reckoned by the offset of a day before: a zone has skipped as much as that.
            LocalResult::None => {
                let before = local - chrono::TimeDelta::days(1);
                let offset = self.0.offset_from_local_datetime(&before).earliest();
                let seconds = offset.map_or(0, |offset| offset.fix().local_minus_utc());
                local.and_utc().timestamp_micros() - i64::from(seconds) * 1_000_000
            }
        };
        Timestamp::from_micros(micros)
    }

    fn local(self, at: Timestamp) -> NaiveDateTime {
        self.zoned(at).naive_local()
    }

    fn zoned(self, at: Timestamp) -> DateTime<Tz> {
        DateTime::from_timestamp_micros(at.micros()).unwrap_or_default().with_timezone(&self.0)
    }
}

fn naive(date: Date) -> NaiveDate {
    let inner = date.inner();
    NaiveDate::from_yo_opt(inner.year(), u32::from(inner.ordinal())).unwrap_or_default()
}

fn date(naive: NaiveDate) -> Date {
    let ordinal = u16::try_from(naive.ordinal()).unwrap_or(1);
    Date::new(time::Date::from_ordinal_date(naive.year(), ordinal).unwrap_or(time::Date::MIN))
}

impl fmt::Display for TimeZone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for TimeZone {
    type Err = InvalidTimeZone;

    fn from_str(name: &str) -> Result<Self, InvalidTimeZone> {
        let any_case =
            || chrono_tz::TZ_VARIANTS.iter().copied().find(|zone| zone.name().eq_ignore_ascii_case(name));
        let found = name.parse().ok().or_else(any_case);
        found.map(Self).ok_or_else(|| InvalidTimeZone(text::excerpt(name, 60)))
    }
}

impl Serialize for TimeZone {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for TimeZone {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zone(name: &str) -> TimeZone {
        name.parse().unwrap()
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_day_is_the_one_that_clocks_show() {
        let evening = at("2026-11-29T23:30:00Z");
        for (name, day, hour) in [
            ("UTC", "2026-11-29", 23),
            ("europe/berlin", "2026-11-30", 0),
            ("America/Los_Angeles", "2026-11-29", 15),
            ("Pacific/Auckland", "2026-11-30", 12),
            ("Asia/Kathmandu", "2026-11-30", 5),
        ] {
            let (shown, hours, _) = zone(name).wall_clock(evening);
            assert_eq!(
                (zone(name).date(evening).to_string(), shown.to_string(), hours),
                (day.into(), day.into(), hour)
            );
        }
        assert_eq!(zone("Europe/Berlin").abbreviation(evening), "CET");
    }

    #[test]
    fn what_clocks_show_is_an_instant_also_where_they_are_changed() {
        let berlin = zone("Europe/Berlin");
        for (local, instant) in [
            ("2026-11-30T10:00", "2026-11-30T09:00:00Z"),
            ("2026-07-01T10:00:30", "2026-07-01T08:00:30Z"),
            // Skipped, and shown twice.
            ("2026-03-29T02:30", "2026-03-29T01:30:00Z"),
            ("2026-10-25T02:30", "2026-10-25T00:30:00Z"),
        ] {
            assert_eq!(berlin.parse_local(local), Ok(at(instant)), "{local}");
        }
        let apia = zone("Pacific/Apia").parse_local("2011-12-30T12:00");
        assert_eq!(apia, Ok(at("2011-12-30T22:00:00Z")), "a day that was skipped");
        for wrong in
            ["2026-11-30", "2026-11-30T10:00Z", "ten", "2026-02-30T10:00", "26-11-30T10:00", "2026-1-3T9:05"]
        {
            assert!(berlin.parse_local(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_day_begins_at_its_first_instant() {
        let start = |name: &str, date: &str| zone(name).start_of(date.parse().unwrap()).to_string();
        assert_eq!(start("Asia/Tokyo", "2026-11-30"), "2026-11-29T15:00:00Z");
        // The clocks of Beirut are changed at midnight: the day begins at one.
        assert_eq!(start("Asia/Beirut", "2026-03-29"), "2026-03-28T22:00:00Z");
    }

    #[test]
    fn a_zone_is_known_by_its_name_alone() {
        assert!(TimeZone::names().any(|name| name == "Europe/Berlin"));
        for wrong in ["Berlin", "+01:00", "", "Europe/Nowhere"] {
            assert!(wrong.parse::<TimeZone>().is_err(), "{wrong}");
        }
    }
}
