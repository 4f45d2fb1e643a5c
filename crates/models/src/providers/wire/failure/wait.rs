//! How long a provider asks to wait, in every form in which it says so.

use std::time::{Duration, SystemTime};

use kontor_core::time::Timestamp;
use reqwest::header::{DATE, HeaderMap};
use serde_json::Value;

/// A moment in seconds since 1970 is larger than this, and no wait is.
const FIRST_MOMENT: f64 = 1e9;
/// The same in milliseconds.
const FIRST_MOMENT_MS: f64 = 1e12;

/// The wait in a response's headers. A moment is told apart from a span, and reckoned from the response's own date.
pub(super) fn in_headers(headers: &HeaderMap) -> Option<Duration> {
    let get = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
    let now = get(DATE.as_str()).and_then(|date| httpdate::parse_http_date(date).ok());
    if let Some(wait) = ["retry-after-ms", "x-ms-retry-after-ms", "x-retry-after-ms"]
        .into_iter()
        .find_map(|name| seconds(get(name)?.parse::<f64>().ok()? / 1_000.0))
    {
        return Some(wait);
    }
    if let Some(wait) =
        ["retry-after", "x-retry-after", "ratelimit-reset"].into_iter().find_map(|name| of(get(name)?, now))
    {
        return Some(wait);
    }
    let mut used_up = None;
    let mut any: Option<Duration> = None;
    for (name, value) in headers {
        let name = name.as_str();
        let anthropic = || {
            let limit = name.strip_prefix("anthropic-ratelimit-")?.strip_suffix("-reset")?;
            Some(format!("anthropic-ratelimit-{limit}-remaining"))
        };
        let of_what = name.strip_prefix("x-ratelimit-reset");
        let remaining = of_what.map(|of_what| format!("x-ratelimit-remaining{of_what}"));
        let Some(remaining) = remaining.or_else(anthropic) else { continue };
        let Some(wait) = value.to_str().ok().and_then(|value| of(value.trim(), now)) else { continue };
        if get(&remaining) == Some("0") {
            used_up = used_up.max(Some(wait));
        }
        any = Some(any.map_or(wait, |any| any.min(wait)));
    }
    used_up.or(any)
}

/// The wait in an error's body: Gemini's `RetryInfo`, fields of that name, headers that a gateway hands on.
pub(super) fn in_body(value: &Value) -> Option<Duration> {
    in_body_within(value, 0)
}

fn in_body_within(value: &Value, depth: usize) -> Option<Duration> {
    if depth > 8 {
        return None;
    }
    match value {
        Value::Array(list) => list.iter().find_map(|one| in_body_within(one, depth + 1)),
        Value::Object(object) => object.iter().find_map(|(key, value)| {
            let number = || value.as_f64().or_else(|| value.as_str()?.trim().parse().ok());
            match key.to_ascii_lowercase().replace('-', "_").as_str() {
                "retrydelay" | "retry_delay" | "retry_after" | "retryafter" | "retry_after_seconds" => {
                    match value {
                        Value::String(text) => of(text, None),
                        // As protobuf writes a span.
                        Value::Object(span) => seconds(span.get("seconds")?.as_f64()?),
                        value => seconds(value.as_f64()?),
                    }
                }
                "retry_after_ms" | "retryafterms" => seconds(number()? / 1_000.0),
                "error" | "errors" | "details" | "detail" | "metadata" | "headers" | "message" => {
                    in_body_within(value, depth + 1)
                }
                _ => None,
            }
        }),
        _ => None,
    }
}

/// The wait in a sentence: "Please try again in 1.2s", "retry after 20 seconds".
pub(super) fn in_words(words: &str) -> Option<Duration> {
    let lower = words.to_ascii_lowercase();
    [
        "try again in ",
        "try again after ",
        "retry in ",
        "retry after ",
        "retry your request in ",
        "please wait ",
        "reset in ",
        "resets in ",
    ]
    .into_iter()
    .find_map(|before| {
        let at = lower.find(before)? + before.len();
        span(lower.get(at..)?.trim_start_matches("about "))
    })
}

/// A span (`2`, `1.5s`, `6m0s`), a date, or a moment in seconds or milliseconds since 1970.
fn of(text: &str, now: Option<SystemTime>) -> Option<Duration> {
    if let Ok(number) = text.parse::<f64>() {
        let moment = match number {
            _ if number >= FIRST_MOMENT_MS => number / 1_000.0,
            _ if number >= FIRST_MOMENT => number,
            _ => return seconds(number),
        };
        return until(SystemTime::UNIX_EPOCH.checked_add(seconds(moment)?)?, now);
    }
    if let Ok(moment) = httpdate::parse_http_date(text) {
        return until(moment, now);
    }
    match text.parse::<Timestamp>() {
        Ok(moment) => until(moment.to_offset().into(), now),
        Err(_) => span(text),
    }
}

fn until(moment: SystemTime, now: Option<SystemTime>) -> Option<Duration> {
    Some(moment.duration_since(now?).unwrap_or_default())
}

/// Numbers with units, one after another; a number alone is in seconds. What follows is not looked at.
fn span(text: &str) -> Option<Duration> {
    let mut rest = text.trim_start();
    let mut total = 0.0;
    let mut found = false;
    while rest.starts_with(|letter: char| letter.is_ascii_digit()) {
        let end = rest.find(|letter: char| !letter.is_ascii_digit() && letter != '.').unwrap_or(rest.len());
        let (number, after) = rest.split_at(end);
        let number: f64 = number.trim_end_matches('.').parse().ok()?;
        let after = after.trim_start();
        let end = after.find(|letter: char| !letter.is_ascii_alphabetic()).unwrap_or(after.len());
        let (unit, after) = after.split_at(end);
        let factor = match unit {
            "ms" | "millisecond" | "milliseconds" => 0.001,
            "" | "s" | "sec" | "secs" | "second" | "seconds" => 1.0,
            "m" | "min" | "mins" | "minute" | "minutes" => 60.0,
            "h" | "hr" | "hrs" | "hour" | "hours" => 3_600.0,
            "d" | "day" | "days" => 86_400.0,
            _ => return if found { seconds(total) } else { None },
        };
        total += number * factor;
        found = true;
        rest = after.trim_start_matches([' ', ',']);
        rest = rest.strip_prefix("and ").unwrap_or(rest);
    }
    if found { seconds(total) } else { None }
}

fn seconds(seconds: f64) -> Option<Duration> {
    Duration::try_from_secs_f64(seconds).ok()
}

#[cfg(test)]
mod tests {
    use reqwest::header::{HeaderName, HeaderValue};
    use serde_json::json;

    use super::*;

    fn told(headers: &[(&'static str, &'static str)]) -> Option<f64> {
        let headers = headers
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
            .collect();
        in_headers(&headers).map(|wait| wait.as_secs_f64())
    }

    #[test]
    fn a_wait_is_read_from_headers_in_every_form() {
        let date = ("date", "Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(told(&[("retry-after", "2")]), Some(2.0));
        assert_eq!(told(&[("retry-after", "0.5"), ("retry-after-ms", "1500")]), Some(1.5));
        assert_eq!(told(&[date, ("retry-after", "Sun, 06 Nov 1994 08:49:40 GMT")]), Some(3.0));
        assert_eq!(told(&[date, ("retry-after", "Sun, 06 Nov 1994 08:49:30 GMT")]), Some(0.0));
        assert_eq!(told(&[("retry-after", "Sun, 06 Nov 1994 08:49:40 GMT")]), None);
        assert_eq!(told(&[("x-ratelimit-reset-requests", "6m0s")]), Some(360.0));
        assert_eq!(
            told(&[("x-ratelimit-reset-requests", "8h"), ("x-ratelimit-reset-tokens", "120ms")]),
            Some(0.12)
        );
        let used = ("x-ratelimit-remaining-requests", "0");
        assert_eq!(
            told(&[used, ("x-ratelimit-reset-requests", "7s"), ("x-ratelimit-reset-tokens", "1s")]),
            Some(7.0)
        );
        let anthropic = [
            date,
            ("anthropic-ratelimit-requests-remaining", "7"),
            ("anthropic-ratelimit-requests-reset", "1994-11-06T08:49:38Z"),
            ("anthropic-ratelimit-input-tokens-remaining", "0"),
            ("anthropic-ratelimit-input-tokens-reset", "1994-11-06T08:50:07Z"),
        ];
        assert_eq!(told(&anthropic), Some(30.0));
        let now = ("date", "Fri, 31 Dec 2021 00:00:00 GMT");
        assert_eq!(told(&[now, ("x-ratelimit-reset", "1640908802000")]), Some(2.0));
        assert_eq!(told(&[now, ("x-ratelimit-reset", "1640908805")]), Some(5.0));
        assert_eq!(told(&[("retry-after", "soon")]), None);
    }

    #[test]
    fn a_wait_is_read_from_a_body_and_from_its_words() {
        let body = |value: Value| in_body(&value).map(|wait| wait.as_secs_f64());
        let info = json!([{"error": {"details": [{"@type": "x"}, {"retryDelay": "2.5s"}]}}]);
        assert_eq!(body(info), Some(2.5));
        assert_eq!(body(json!({"error": {"metadata": {"headers": {"Retry-After": "3"}}}})), Some(3.0));
        assert_eq!(body(json!({"retry_after_ms": 700})), Some(0.7));
        let words = |words: &str| in_words(words).map(|wait| wait.as_secs_f64());
        assert_eq!(words("Limit 3. Please try again in 1m2.5s. Visit"), Some(62.5));
        assert_eq!(words("Please retry after 20 seconds."), Some(20.0));
        assert_eq!(words("try again in 250ms"), Some(0.25));
        assert_eq!(words("Please try again in 2 minutes and 5 seconds"), Some(125.0));
        assert_eq!(words("try again in a moment"), None);
    }
}
