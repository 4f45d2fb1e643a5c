//! One module a command.

mod agent;
mod approvals;
mod backup;
mod chat;
mod demo;
mod doctor;
mod eval;
mod given;
mod jobs;
mod key;
mod models;
mod role;
mod secrets;
mod serve;
mod session;
mod user;
mod workspace;

pub(crate) use self::{key::Key, role::Role};
use crate::{
    cli::{Cli, Command},
    config::Config,
    error::Error,
};

/// Runs a command to its end.
pub(crate) async fn run(cli: Cli) -> Result<(), Error> {
    let settings = || {
        let config = Config::load(&cli.common)?;
        crate::telemetry::start(config.log_format)?;
        for remark in &config.remarks {
            tracing::warn!("{remark}");
        }
        Ok::<_, Error>(config)
    };
    match cli.command {
        Command::Serve(serve) => serve::run(settings()?, serve).await,
        Command::Doctor => doctor::run(settings()?).await,
        Command::User(command) => user::run(settings()?, command).await,
        Command::Workspace(command) => workspace::run(settings()?, command).await,
        Command::Jobs { state, workspace, run } => {
            jobs::run(settings()?, jobs::Wanted { state, workspace, run }).await
        }
        Command::Agent { client, command } => agent::run(client, command).await,
        Command::Approvals { client, command } => approvals::run(client, command).await,
        Command::Key { client, command } => key::run(client, command).await,
        Command::Role { client, command } => role::run(client, command).await,
        Command::Eval(command) => eval::run(settings()?, command).await,
        Command::Session { client, command } => session::run(client, command).await,
        Command::Models(command) => models::run(settings()?, command).await,
        Command::Secrets(command) => secrets::run(settings()?, command).await,
        Command::Backup { to } => backup::back_up(settings()?, &to).await,
        Command::Restore { from } => backup::restore(settings()?, &from).await,
        Command::Chat(chat) => chat::run(chat).await,
    }
}
