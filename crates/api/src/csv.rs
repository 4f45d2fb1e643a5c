//! Tables as comma-separated values (RFC 4180), which people open in spreadsheets.

use axum::{
    http::{HeaderMap, header},
    response::{IntoResponse, Response},
};
use kontor_core::error::{Chain, Problem};

use crate::problem::{ApiError, Result};

/// With what a spreadsheet takes a cell for a formula, in full width as well.
const FORMULAS: [char; 8] = ['=', '+', '-', '@', '＝', '＋', '－', '＠'];
/// What may part cells: where a list has semicolons in it by a computer's settings, a spreadsheet parts at these, and at
/// line breaks, whatever quotes of ours stand around a cell.
const PARTING: [char; 4] = [';', '\t', '\r', '\n'];

/// A table as the body of an answer.
pub(crate) struct Csv {
    /// Under which name browsers keep it: small letters, digits, hyphens and dots.
    pub(crate) name: String,
    body: Vec<u8>,
}

impl Csv {
    /// A table of rows below their heads. What a spreadsheet would take for a formula, in a cell or in a part of one,
    /// stands behind an apostrophe, since names are written by others than those who open it.
    pub(crate) fn new<const N: usize>(
        name: String,
        heads: [&str; N],
        rows: impl IntoIterator<Item = [String; N]>,
    ) -> Result<Self> {
        let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
        let failed = |error: csv::Error| {
            tracing::error!(error = %Chain(&error), "a table cannot be written");
            ApiError::of(Problem::internal())
        };
        writer.write_record(heads).map_err(failed)?;
        for row in rows {
            writer.write_record(row.map(unlike_a_formula)).map_err(failed)?;
        }
        let body = writer.into_inner().map_err(|_| ApiError::of(Problem::internal()))?;
        Ok(Self { name, body })
    }
}

fn unlike_a_formula(cell: String) -> String {
    let mut plain = String::with_capacity(cell.len() + 1);
    if cell.starts_with(['\t', '\r', '\n']) {
        plain.push('\'');
    }
    let mut begins = true;
    for c in cell.chars() {
        if begins && FORMULAS.contains(&c) {
            plain.push('\'');
        }
        // Blanks and quotes before it do not keep a formula from being one.
        begins = PARTING.contains(&c) || begins && (c.is_whitespace() || c == '"');
        plain.push(c);
    }
    plain
}

impl IntoResponse for Csv {
    fn into_response(self) -> Response {
        let kind = [(header::CONTENT_TYPE, "text/csv; charset=utf-8; header=present")];
        (kind, kontor_http::saved_as(&self.name), self.body).into_response()
    }
}

/// Whether a request prefers it to JSON: it names the type and not JSON before it.
pub(crate) fn is_preferred(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let types = accepted.flat_map(|value| value.split(',')).filter_map(|part| part.split(';').next());
    let wanted = types.map(str::trim).find(|kind| {
        ["text/csv", "application/json"].into_iter().any(|known| kind.eq_ignore_ascii_case(known))
    });
    wanted.is_some_and(|kind| kind.eq_ignore_ascii_case("text/csv"))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn what_a_spreadsheet_would_run_is_text_and_commas_are_quoted() {
        let rows = ["=1+1", "@SUM(A1)", "-2", "Ada, \"the\" first", "plain"].map(|cell| [cell.to_owned()]);
        let Ok(csv) = Csv::new("t.csv".to_owned(), ["name"], rows) else { panic!("it is written") };
        let expected = "name\r\n'=1+1\r\n'@SUM(A1)\r\n'-2\r\n\"Ada, \"\"the\"\" first\"\r\nplain\r\n";
        assert_eq!(String::from_utf8(csv.body).unwrap(), expected);
    }

    #[test]
    fn parts_of_a_cell_are_no_formulas_wherever_it_is_parted() {
        for (cell, plain) in [
            ("Ada;=1+1", "Ada;'=1+1"),
            ("Ada; \"=1+1", "Ada; \"'=1+1"),
            ("Ada\t@SUM(A1)", "Ada\t'@SUM(A1)"),
            ("Ada\r\n-2;+3", "Ada\r\n'-2;'+3"),
            ("\n=1", "'\n'=1"),
            (" =1", " '=1"),
            ("＝1+1;＠A1", "'＝1+1;'＠A1"),
            ("a-b=c; d, e;f", "a-b=c; d, e;f"),
        ] {
            assert_eq!(unlike_a_formula(cell.to_owned()), plain);
        }
    }

    #[test]
    fn it_is_preferred_where_it_is_named_before_json() {
        let preferred = |accept: &'static str| {
            is_preferred(&HeaderMap::from_iter([(header::ACCEPT, HeaderValue::from_static(accept))]))
        };
        assert!(preferred("text/csv") && preferred("Text/CSV;q=0.9, application/json;q=0.5"));
        assert!(!preferred("*/*") && !preferred("application/json, text/csv"));
        assert!(!is_preferred(&HeaderMap::new()));
    }
}
