//! Instants and calendar dates. Instants are microseconds since 1970-01-01T00:00:00Z on every engine.

use std::{fmt, str::FromStr, time::Duration};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _, ser::Error as _};
use time::{OffsetDateTime, format_description::well_known::Rfc3339, macros::format_description};

/// The text given where an instant or a date was expected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidTime {
    #[error("{0:?} is not an RFC 3339 timestamp such as 2026-03-01T09:30:00Z")]
    Timestamp(String),
    #[error("{0:?} is not a date such as 2026-03-01")]
    Date(String),
}

/// An instant in microseconds since the Unix epoch, within the years 0001 to 9999.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    pub const EPOCH: Self = Self(0);
    /// 0001-01-01T00:00:00Z.
    const MIN_MICROS: i64 = -62_135_596_800_000_000;
    /// 9999-12-31T23:59:59.999999Z.
    const MAX_MICROS: i64 = 253_402_300_799_999_999;

    /// An instant, clamped to the years 0001 to 9999.
    pub fn from_micros(micros: i64) -> Self {
        Self(micros.clamp(Self::MIN_MICROS, Self::MAX_MICROS))
    }

    /// An instant of this program's own, which is within the years 0001 to 9999.
    pub(crate) const fn of_micros(micros: i64) -> Self {
        Self(micros)
    }

    pub const fn micros(self) -> i64 {
        self.0
    }

    pub fn to_offset(self) -> OffsetDateTime {
        OffsetDateTime::from_unix_timestamp_nanos(i128::from(self.0) * 1_000)
            .unwrap_or(OffsetDateTime::UNIX_EPOCH)
    }

    pub fn from_offset(instant: OffsetDateTime) -> Self {
        let micros = instant.unix_timestamp_nanos().div_euclid(1_000);
        Self::from_micros(i64::try_from(micros).unwrap_or(if micros < 0 { i64::MIN } else { i64::MAX }))
    }

    /// The calendar date in UTC.
    pub fn date(self) -> Date {
        Date(self.to_offset().date())
    }

    /// This instant and `duration` later, clamped to the year 9999.
    #[must_use]
    pub fn plus(self, duration: Duration) -> Self {
        let micros = i64::try_from(duration.as_micros()).unwrap_or(i64::MAX);
        Self::from_micros(self.0.saturating_add(micros))
    }

    /// This instant and `duration` earlier, clamped to the year 0001.
    #[must_use]
    pub fn minus(self, duration: Duration) -> Self {
        let micros = i64::try_from(duration.as_micros()).unwrap_or(i64::MAX);
        Self::from_micros(self.0.saturating_sub(micros))
    }

    /// The time from `earlier` to this instant; zero when `earlier` is later.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_offset().format(&Rfc3339).map_err(|_| fmt::Error)?)
    }
}

impl FromStr for Timestamp {
    type Err = InvalidTime;

    fn from_str(text: &str) -> Result<Self, InvalidTime> {
        OffsetDateTime::parse(text, &Rfc3339)
            .map(Self::from_offset)
            .map_err(|_| InvalidTime::Timestamp(text.chars().take(80).collect()))
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let text = self.to_offset().format(&Rfc3339).map_err(S::Error::custom)?;
        serializer.serialize_str(&text)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

/// A calendar date without a time zone, in the years 0001 to 9999.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date(time::Date);

impl Date {
    pub fn new(date: time::Date) -> Self {
        Self(date)
    }

    pub fn inner(self) -> time::Date {
        self.0
    }

    /// This date and `days` later (earlier when negative), clamped to what a date can hold.
    #[must_use]
    pub fn plus_days(self, days: i64) -> Self {
        Self(self.0.saturating_add(time::Duration::days(days)))
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.0.year(), u8::from(self.0.month()), self.0.day())
    }
}

impl FromStr for Date {
    type Err = InvalidTime;

    fn from_str(text: &str) -> Result<Self, InvalidTime> {
        time::Date::parse(text, format_description!("[year]-[month]-[day]"))
            .ok()
            .filter(|date| (1..=9999).contains(&date.year()))
            .map(Self)
            .ok_or_else(|| InvalidTime::Date(text.chars().take(80).collect()))
    }
}

impl Serialize for Date {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Date {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timestamp_survives_its_text_form() {
        let instant: Timestamp = "2026-03-01T09:30:00.123456Z".parse().unwrap();
        assert_eq!(instant.to_string(), "2026-03-01T09:30:00.123456Z");
        assert_eq!("2026-03-01T10:30:00.123456+01:00".parse::<Timestamp>().unwrap(), instant);
    }

    #[test]
    fn instants_outside_the_calendar_are_clamped() {
        assert_eq!(Timestamp::from_micros(i64::MAX).to_string(), "9999-12-31T23:59:59.999999Z");
        assert_eq!(Timestamp::from_micros(i64::MIN).to_string(), "0001-01-01T00:00:00Z");
        let beyond = |text: &str| text.parse::<Timestamp>().unwrap().to_string();
        assert_eq!(beyond("9999-12-31T23:59:59-23:59"), "9999-12-31T23:59:59.999999Z");
        assert_eq!(beyond("0001-01-01T00:00:00+23:59"), "0001-01-01T00:00:00Z");
    }

    #[test]
    fn a_date_is_read_and_written_as_iso_8601() {
        assert_eq!("2026-02-28".parse::<Date>().unwrap().plus_days(1).to_string(), "2026-03-01");
        for wrong in ["2026-02-30", "2026-2-3", "tomorrow", ""] {
            assert!(wrong.parse::<Date>().is_err(), "{wrong}");
        }
    }
}
