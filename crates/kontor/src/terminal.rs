//! What is printed for people. A closed pipe ends the printing, not the program.

use std::{
    io::{self, BufRead as _, IsTerminal as _, Write as _},
    process::ExitCode,
};

use crate::error::Error;

/// Prints a line.
pub(crate) fn line(text: &str) {
    let _ = writeln!(io::stdout(), "{text}");
}

/// Prints a piece of a line at once.
pub(crate) fn piece(text: &str) {
    let mut out = io::stdout();
    let _ = write!(out, "{text}").and_then(|()| out.flush());
}

/// Prints why the command failed.
pub(crate) fn fail(why: &str) -> ExitCode {
    let _ = writeln!(io::stderr(), "kontor: {why}");
    ExitCode::FAILURE
}

/// Prints a remark beside the output.
pub(crate) fn remark(text: &str) {
    let _ = writeln!(io::stderr(), "{text}");
}

/// Asks a question where somebody can answer.
pub(crate) fn ask(question: &str) -> Option<String> {
    if !io::stdin().is_terminal() {
        return None;
    }
    let _ = write!(io::stderr(), "{question} ").and_then(|()| io::stderr().flush());
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer).ok()?;
    Some(answer.trim().to_owned())
}

/// A password from KONTOR_PASSWORD, or asked for without echo.
pub(crate) fn password(of: &str) -> Result<String, Error> {
    if let Ok(password) = std::env::var("KONTOR_PASSWORD") {
        return Ok(password);
    }
    if !io::stdin().is_terminal() {
        let message = "set KONTOR_PASSWORD, or run this in a terminal to be asked for the password";
        return Err(Error::Usage(message.to_owned()));
    }
    rpassword::prompt_password(format!("Password of {of}: ")).map_err(Error::io("no password was read"))
}
