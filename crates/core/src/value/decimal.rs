//! Exact decimals as scaled 64-bit integers.

use crate::reading::readable;

/// The most significant digits a number may have, so that every JSON reader gets it exactly: a double holds
/// fifteen.
const SIGNIFICANT_DIGITS: usize = 15;
/// The largest scaled number: nine million million units of money.
const MAX_SCALED: i64 = 9_000_000_000_000_000_000;

/// A scaled integer as decimal text without trailing zeros: `(1250, 2)` is `12.5`.
pub fn format_scaled(scaled: i64, decimals: u8) -> String {
    if decimals == 0 {
        return scaled.to_string();
    }
    let factor = 10_u64.pow(u32::from(decimals.min(18)));
    let (whole, fraction) = (scaled.unsigned_abs() / factor, scaled.unsigned_abs() % factor);
    let sign = if scaled < 0 { "-" } else { "" };
    let fraction = format!("{fraction:0width$}", width = usize::from(decimals));
    match fraction.trim_end_matches('0') {
        "" => format!("{sign}{whole}"),
        fraction => format!("{sign}{whole}.{fraction}"),
    }
}

/// As [`format_scaled`] with commas between the thousands, as a person reads it: `(1250000, 2)` is `12,500`.
pub fn format_grouped(scaled: i64, decimals: u8) -> String {
    readable(&format_scaled(scaled, decimals))
}

/// A whole percentage as integer scaled by ten to the power of `decimals`.
pub fn scaled_percent(percent: u8, decimals: u8) -> i64 {
    i64::from(percent) * 10_i64.pow(u32::from(decimals.min(16)))
}

/// Whether a scaled integer has few enough digits to be told exactly as a JSON number.
pub fn is_told_exactly(scaled: i64) -> bool {
    scaled.unsigned_abs().to_string().trim_end_matches('0').len() <= SIGNIFICANT_DIGITS
}

/// A scaled integer as JSON number.
pub fn scaled_to_json(scaled: i64, decimals: u8) -> serde_json::Value {
    let text = format_scaled(scaled, decimals);
    match text.parse::<i64>() {
        Ok(whole) => whole.into(),
        Err(_) => text.parse::<f64>().map_or(serde_json::Value::Null, Into::into),
    }
}

/// Reads a JSON number, or its decimal text, as integer scaled by ten to the power of `decimals`.
///
/// # Errors
/// A sentence that says what was expected: too many decimals, too large, not a number.
pub fn parse_scaled(json: &serde_json::Value, decimals: u8) -> Result<i64, String> {
    let text = match json {
        serde_json::Value::Number(number) => number.to_string(),
        serde_json::Value::String(text) => text.trim().to_owned(),
        _ => return Err("expected a number".to_owned()),
    };
    let text = expand_exponent(&text).ok_or_else(|| format!("{text:?} is not a number"))?;
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(&text)),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let fraction = fraction.trim_end_matches('0');
    let is_number = !(whole.is_empty() && fraction.is_empty())
        && whole.bytes().chain(fraction.bytes()).all(|b| b.is_ascii_digit());
    if !is_number {
        return Err(format!("{text:?} is not a number"));
    }
    let given = || readable(&text);
    if fraction.len() > usize::from(decimals) {
        return Err(match decimals {
            0 => format!("{} is not a whole number", given()),
            _ => format!("{} has more than {decimals} decimals", given()),
        });
    }
    let digits = format!("{whole}{fraction:0<width$}", width = usize::from(decimals));
    let digits = digits.trim_start_matches('0');
    let scaled = if digits.is_empty() { Some(0) } else { digits.parse::<i64>().ok() };
    let Some(scaled) = scaled.filter(|scaled| *scaled <= MAX_SCALED) else {
        return Err(format!("{} is too large: at most {}", given(), format_grouped(MAX_SCALED, decimals)));
    };
    if digits.trim_end_matches('0').len() > SIGNIFICANT_DIGITS {
        return Err(format!("{} has more than {SIGNIFICANT_DIGITS} significant digits", given()));
    }
    Ok(if negative { -scaled } else { scaled })
}

/// `1.5e3` as `1500`: JSON writers may use exponents. What has none is returned as it is, unchecked; `None` for
/// what is no number.
fn expand_exponent(text: &str) -> Option<String> {
    let Some((mantissa, exponent)) = text.split_once(['e', 'E']) else { return Some(text.to_owned()) };
    let exponent: i32 = exponent.parse().ok().filter(|exponent: &i32| exponent.unsigned_abs() <= 30)?;
    let (sign, mantissa) = match mantissa.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", mantissa.strip_prefix('+').unwrap_or(mantissa)),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let point = i32::try_from(whole.len()).ok()?.checked_add(exponent)?;
    let expanded = if point <= 0 {
        format!("0.{}{digits}", "0".repeat(usize::try_from(-point).ok()?))
    } else {
        let point = usize::try_from(point).ok()?;
        let padded = format!("{digits:0<point$}");
        let (whole, fraction) = padded.split_at(point);
        if fraction.is_empty() { whole.to_owned() } else { format!("{whole}.{fraction}") }
    };
    Some(format!("{sign}{expanded}"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_are_read_exactly_or_refused() {
        assert_eq!(parse_scaled(&json!(12.5), 2), Ok(1250));
        assert_eq!(parse_scaled(&json!("-0.07"), 2), Ok(-7));
        assert_eq!(parse_scaled(&json!(1.5e3), 0), Ok(1500));
        assert_eq!(parse_scaled(&json!("2.5e-1"), 2), Ok(25));
        assert!(parse_scaled(&json!(1.234), 2).unwrap_err().contains("more than 2 decimals"));
        assert!(parse_scaled(&json!(1.5), 0).unwrap_err().contains("whole"));
        assert_eq!(parse_scaled(&json!(1_500_000_000), 6), Ok(1_500_000_000_000_000));
        assert!(parse_scaled(&json!(1e19), 0).unwrap_err().contains("too large"));
        assert!(parse_scaled(&json!("1234567890.123456"), 6).unwrap_err().contains("significant digits"));
        assert_eq!(parse_scaled(&json!("+1.5e+2"), 0), Ok(150));
        for wrong in [json!("abc"), json!(""), json!("."), json!("1,5"), json!(null), json!("1e999")] {
            assert!(parse_scaled(&wrong, 2).is_err(), "{wrong}");
        }
        for wrong in ["ée-1", "e5", ".e1", "1é5e-2", "-+1e1", "1.2.3e1", "1e-2147483648"] {
            assert_eq!(parse_scaled(&json!(wrong), 6), Err(format!("{wrong:?} is not a number")));
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in prop_oneof!["\\PC*", "[-+.eE0-9é]{0,8}e[-+0-9]{1,11}"], decimals in 0_u8..=6) {
            if let Ok(scaled) = parse_scaled(&json!(text), decimals) {
                prop_assert_eq!(parse_scaled(&json!(format_scaled(scaled, decimals)), decimals), Ok(scaled));
            }
        }

        #[test]
        fn a_scaled_number_survives_its_json(
            digits in -999_999_999_999_999_i64..=999_999_999_999_999,
            zeros in 0_u32..=3,
            decimals in 0_u8..=6,
        ) {
            let scaled = digits * 10_i64.pow(zeros);
            let json: serde_json::Value = serde_json::from_str(&scaled_to_json(scaled, decimals).to_string()).unwrap();
            prop_assert_eq!(parse_scaled(&json, decimals), Ok(scaled));
        }
    }
}
