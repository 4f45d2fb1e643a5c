//! Runs the scripted model server by itself: `scripted-model [--fixed] [--listen ADDRESS] [--tool NAME]
//! [--arguments JSON]`. It prints its address and serves until it is interrupted.

use std::{error::Error, io::Write};

use kontor_testkit::scripted::{Fixed, Script, ScriptedModel};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut listen = "127.0.0.1:0".to_owned();
    let (mut tool, mut arguments, mut fixed) = ("deal_find".to_owned(), "{\"limit\":5}".to_owned(), false);
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let mut value = || words.next().ok_or_else(|| format!("{word} needs a value"));
        match word.as_str() {
            "--fixed" => fixed = true,
            "--listen" => listen = value()?,
            "--tool" => tool = value()?,
            "--arguments" => arguments = value()?,
            other => return Err(format!("unknown argument {other}").into()),
        }
    }
    let server = if fixed {
        ScriptedModel::fixed(&listen, Fixed::new(&tool, &serde_json::from_str(&arguments)?)).await?
    } else {
        ScriptedModel::with_rule_at(&listen, |request| {
            let last = request["messages"].as_array().and_then(|messages| messages.last());
            let said = last.and_then(|message| message["content"].as_str()).unwrap_or_default();
            Script::new().text(&format!("You said: {said}")).usage(10, 10)
        })
        .await?
    };
    writeln!(std::io::stdout(), "{}", server.base_url())?;
    tokio::signal::ctrl_c().await?;
    Ok(())
}
