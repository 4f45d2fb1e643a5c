//! The commands and their flags. A flag wins over the environment, the environment over the file.

use std::{net::SocketAddr, path::PathBuf};

use clap::{Args, Parser, Subcommand};

use crate::commands::{Key, Role};

/// Kontor, the CRM whose agents act under written authority.
#[derive(Parser)]
#[command(version, disable_help_subcommand = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
    #[command(flatten)]
    pub(crate) common: Common,
}

#[derive(Args)]
pub(crate) struct Common {
    /// The configuration file (default: config/kontor.toml, where it exists).
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// The folder that holds the data (default: kontor-data).
    #[arg(long, global = true, value_name = "FOLDER")]
    pub(crate) data_dir: Option<PathBuf>,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Run the server: pages, API, agents, all in one.
    Serve(Serve),
    /// Ask an agent from the terminal and watch the reply stream.
    Chat(Chat),
    /// Check the configuration, the data and the models.
    Doctor,
    /// Manage the people who sign in: the members of workspaces.
    #[command(subcommand, visible_alias = "member")]
    User(User),
    /// Manage workspaces.
    #[command(subcommand)]
    Workspace(Workspace),
    /// Show what waits, runs and has failed in the background, or have a job run again.
    Jobs {
        /// Only these: waiting, running or failed.
        #[arg(long, value_name = "STATE")]
        state: Option<String>,
        /// Only those of this workspace.
        #[arg(long, env = "KONTOR_WORKSPACE")]
        workspace: Option<String>,
        /// Have the job of this id run again, at once and with all its attempts.
        #[arg(long, value_name = "ID")]
        run: Option<uuid::Uuid>,
    },
    /// See and change agents on a server, and what they are told.
    Agent {
        #[command(flatten)]
        client: Client,
        #[command(subcommand)]
        command: Agent,
    },
    /// See your chats on a server, name them, give them to another agent, export and delete them.
    Session {
        #[command(flatten)]
        client: Client,
        #[command(subcommand)]
        command: Session,
    },
    /// See what agents wait for on a server, and approve or deny it.
    Approvals {
        #[command(flatten)]
        client: Client,
        #[command(subcommand)]
        command: Approvals,
    },
    /// Manage roles, on a server: what members and agents may do.
    Role {
        #[command(flatten)]
        client: Client,
        #[command(subcommand)]
        command: Role,
    },
    /// Manage API keys, on a server: service accounts by which programs act.
    Key {
        #[command(flatten)]
        client: Client,
        #[command(subcommand)]
        command: Key,
    },
    /// Try agents on datasets of cases, and compare what came of it.
    #[command(subcommand)]
    Eval(Eval),
    /// Check the providers of models.
    #[command(subcommand)]
    Models(Models),
    /// Manage the keys that secrets in the database are sealed with.
    #[command(subcommand)]
    Secrets(Secrets),
    /// Copy the data to a new folder, consistently, even while the server runs.
    Backup {
        /// The folder to make.
        to: PathBuf,
    },
    /// Put a backup into a data folder that holds none yet.
    Restore {
        /// The folder a backup was written to.
        from: PathBuf,
    },
}

#[derive(Args)]
pub(crate) struct Serve {
    /// Fill a workspace with a small business to try things on, and print how to sign in.
    #[arg(long)]
    pub(crate) demo: bool,
    /// The address to listen on (default: 127.0.0.1:7700).
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub(crate) listen: Option<SocketAddr>,
}

#[derive(Args)]
pub(crate) struct Chat {
    /// What to say.
    pub(crate) message: String,
    /// The agent to ask; without one, one that fits the message is chosen.
    #[arg(long)]
    pub(crate) agent: Option<String>,
    /// Go on with this session instead of beginning one.
    #[arg(long, value_name = "ID")]
    pub(crate) session: Option<String>,
    /// The server's address.
    #[arg(long, env = "KONTOR_SERVER", default_value = "http://127.0.0.1:7700")]
    pub(crate) server: String,
    /// Who signs in; the password is read from KONTOR_PASSWORD or asked for.
    #[arg(long, env = "KONTOR_EMAIL")]
    pub(crate) email: Option<String>,
    /// The workspace, where the account has several.
    #[arg(long, env = "KONTOR_WORKSPACE")]
    pub(crate) workspace: Option<String>,
    /// Answer every question for approval with yes.
    #[arg(long)]
    pub(crate) approve: bool,
}

/// Which server is asked, and who asks.
#[derive(Args)]
pub(crate) struct Client {
    /// The server's address.
    #[arg(long, global = true, env = "KONTOR_SERVER", default_value = "http://127.0.0.1:7700")]
    pub(crate) server: String,
    /// Who signs in; the password is read from KONTOR_PASSWORD or asked for.
    #[arg(long, global = true, env = "KONTOR_EMAIL")]
    pub(crate) email: Option<String>,
    /// The workspace, where the account has several.
    #[arg(long, global = true, env = "KONTOR_WORKSPACE")]
    pub(crate) workspace: Option<String>,
}

#[derive(Subcommand)]
pub(crate) enum Eval {
    /// Try the cases of datasets, each in a throw-away workspace of its own. Ends with 1 where a case did not pass or
    /// was not run, with 2 where a dataset or a flag is wrong.
    Run(Box<EvalRun>),
    /// Compare two results, paired by case.
    Compare {
        /// The result of `--json` before.
        before: PathBuf,
        /// The one after.
        after: PathBuf,
        /// Write the comparison as JSON.
        #[arg(long, value_name = "FILE")]
        json: Option<PathBuf>,
    },
    /// Make a dataset of another tool's, and name what could not be taken over.
    Import {
        file: PathBuf,
        /// Which tool it is of.
        #[arg(long, value_enum)]
        from: Peer,
        /// Where the dataset is written (default: to the terminal).
        #[arg(long, value_name = "FILE")]
        to: Option<PathBuf>,
    },
    /// Check datasets, and tell all that is wrong by line. Ends with 2 where anything is.
    Validate {
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
}

/// Whose datasets are imported.
#[derive(Clone, Copy, clap::ValueEnum)]
pub(crate) enum Peer {
    Promptfoo,
    Inspect,
}

#[derive(Args)]
pub(crate) struct EvalRun {
    /// Datasets: YAML, or JSON Lines.
    #[arg(required = true)]
    pub(crate) files: Vec<PathBuf>,
    /// Ask this agent in every case.
    #[arg(long, value_name = "NAME")]
    pub(crate) agent: Option<String>,
    /// Tell the agents what stands in this file, in the place of their prompts.
    #[arg(long, value_name = "FILE")]
    pub(crate) prompt: Option<PathBuf>,
    /// The model that answers: `builtin`, `scripted`, `openai/gpt-5.5`, or `own` for the agents' own (default: the one
    /// that each case is written for).
    #[arg(long, value_name = "ID")]
    pub(crate) model: Option<String>,
    /// Cases with this tag alone; may be given several times.
    #[arg(long, value_name = "TAG")]
    pub(crate) tag: Vec<String>,
    /// How often each case is tried.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    pub(crate) trials: u32,
    /// Trials that run beside each other (default: two for each processor).
    #[arg(long)]
    pub(crate) concurrency: Option<std::num::NonZeroUsize>,
    /// Seconds that a turn may take.
    #[arg(long, default_value_t = 120, value_parser = clap::value_parser!(u64).range(1..=3_600))]
    pub(crate) turn_limit: u64,
    /// Keep each trial in this folder as it ends, and go on where a run of it was stopped.
    #[arg(long, value_name = "FOLDER")]
    pub(crate) run: Option<PathBuf>,
    /// Write what is said to language models and by them to this file.
    #[arg(long, value_name = "FILE", conflicts_with = "replay")]
    pub(crate) record: Option<PathBuf>,
    /// Answer from a file that `--record` wrote, and ask no model.
    #[arg(long, value_name = "FILE")]
    pub(crate) replay: Option<PathBuf>,
    /// Keep the result in this workspace of the installation, among the runs on its pages.
    #[arg(long, value_name = "NAME")]
    pub(crate) workspace: Option<String>,
    /// Write the result as JUnit's XML.
    #[arg(long, value_name = "FILE")]
    pub(crate) junit: Option<PathBuf>,
    /// Write the result as JSON.
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,
}

#[derive(Subcommand)]
pub(crate) enum Approvals {
    /// List what waits, the latest first.
    List,
    /// Have an agent do what it asks for.
    Approve { id: String },
    /// Have it do without.
    Deny {
        id: String,
        /// What the agent is told.
        #[arg(long)]
        comment: Option<String>,
    },
}

#[derive(Subcommand)]
pub(crate) enum Session {
    /// List your chats, the one used last first.
    List {
        /// Only those in which these words were said.
        #[arg(long)]
        search: Option<String>,
        /// Only those with the agent of this name.
        #[arg(long)]
        agent: Option<String>,
    },
    /// Show a chat as JSON, with its agent and why it is that one.
    Show { id: String },
    /// Give a chat another title.
    Rename { id: String, title: String },
    /// Have another agent answer from now on.
    Agent { id: String, agent: String },
    /// Delete a chat.
    Delete { id: String },
    /// Write a chat as Markdown.
    Export {
        id: String,
        /// The file to write (default: the terminal).
        #[arg(long, value_name = "FILE")]
        to: Option<PathBuf>,
    },
}

#[derive(Subcommand)]
pub(crate) enum Agent {
    /// List the agents.
    List,
    /// Show an agent as JSON.
    Show { name: String },
    /// Make an agent; what is not said is as a new agent has it.
    Create {
        name: String,
        /// The role that bounds what it may do.
        #[arg(long)]
        role: Option<String>,
        /// Take what is not said here from this agent.
        #[arg(long, value_name = "AGENT")]
        copy_of: Option<String>,
        /// The file that holds its prompt.
        #[arg(long, value_name = "FILE")]
        prompt: Option<PathBuf>,
        /// Anything else, as in operations='["*.find"]'; what is no JSON is a text.
        #[arg(long = "set", value_name = "FIELD=VALUE")]
        set: Vec<String>,
    },
    /// Change an agent; the version that was shown is named, so that nobody's work is lost.
    Edit {
        name: String,
        /// What to change, as in model=fast or active=false; what is no JSON is a text.
        #[arg(long = "set", value_name = "FIELD=VALUE", required = true)]
        set: Vec<String>,
        /// The version that the change is made of (default: the present one).
        #[arg(long)]
        version: Option<i64>,
    },
    /// Print an agent's prompt, or save a file as its next version.
    Prompt {
        name: String,
        /// Print this version (default: the one in production).
        #[arg(long)]
        version: Option<i64>,
        /// Save this file as the next version.
        #[arg(long, value_name = "FILE", conflicts_with = "version")]
        save: Option<PathBuf>,
        /// What is different.
        #[arg(long, requires = "save")]
        note: Option<String>,
    },
    /// Move a label to a version of the prompt, or list the labels.
    Label {
        name: String,
        /// Such as production.
        #[arg(requires = "version")]
        label: Option<String>,
        version: Option<i64>,
        /// Where the label is believed to be (default: where it is).
        #[arg(long)]
        expected: Option<i64>,
    },
    /// Print what an agent's model would be sent.
    Preview {
        name: String,
        /// A version of the prompt (default: the one in production).
        #[arg(long)]
        version: Option<i64>,
        /// The file that holds a prompt.
        #[arg(long, value_name = "FILE", conflicts_with = "version")]
        body: Option<PathBuf>,
        /// For whom it acts, by id (default: who signs in).
        #[arg(long)]
        member: Option<String>,
        /// The id of the record in view.
        #[arg(long)]
        record: Option<String>,
    },
}

#[derive(Subcommand)]
pub(crate) enum Models {
    /// Ask each provider whether it can be reached and takes its key, and say in words what is wrong.
    Test {
        /// The providers of this workspace's own, in the place of those of the configuration.
        #[arg(long, env = "KONTOR_WORKSPACE")]
        workspace: Option<String>,
    },
}

#[derive(Subcommand)]
pub(crate) enum User {
    /// Add a member to a workspace; the password is read from KONTOR_PASSWORD or asked for.
    Add {
        /// The mail address to sign in with.
        email: String,
        /// The person's name.
        #[arg(long)]
        name: String,
        /// Admin, Member or Viewer.
        #[arg(long, default_value = "Member")]
        role: String,
        /// The workspace's name or id, where there are several.
        #[arg(long)]
        workspace: Option<String>,
    },
    /// Invite somebody by a link, which is printed once; it works once, for seven days.
    Invite {
        /// The person's mail address.
        email: String,
        /// What they are called, if that is known.
        #[arg(long)]
        name: Option<String>,
        /// The name of a role.
        #[arg(long, default_value = "Member")]
        role: String,
        /// The workspace's name or id, where there are several.
        #[arg(long)]
        workspace: Option<String>,
    },
    /// Give a member another role.
    Role {
        /// The member's mail address.
        email: String,
        /// The name of a role.
        role: String,
        /// The workspace's name or id, where there are several.
        #[arg(long)]
        workspace: Option<String>,
    },
    /// Print a link by which a member sets a new password, once, within a day.
    ResetLink {
        /// The member's mail address.
        email: String,
        /// The workspace's name or id, where there are several.
        #[arg(long)]
        workspace: Option<String>,
    },
    /// List the members of a workspace with their roles.
    List {
        /// The workspace's name or id, where there are several.
        #[arg(long)]
        workspace: Option<String>,
    },
    /// End a member's sign-ins and let nobody act as them; what they wrote stays.
    Deactivate {
        /// The member's mail address.
        email: String,
        /// The mail address of the member who gets their records; a running server hands them over.
        #[arg(long, value_name = "EMAIL")]
        hand_over_to: Option<String>,
        /// The workspace's name or id, where there are several.
        #[arg(long)]
        workspace: Option<String>,
    },
    /// Let a member sign in and act again.
    Activate {
        /// The member's mail address.
        email: String,
        /// The workspace's name or id, where there are several.
        #[arg(long)]
        workspace: Option<String>,
    },
}

#[derive(Subcommand)]
pub(crate) enum Secrets {
    /// Make a new key and seal every secret anew with it; a server may run meanwhile.
    Rotate,
}

#[derive(Subcommand)]
pub(crate) enum Workspace {
    /// Make a workspace and its admin; the password is read from KONTOR_PASSWORD or asked for.
    Add {
        /// The workspace's name.
        name: String,
        /// The admin's mail address; an account that has it is given the workspace.
        #[arg(long)]
        email: String,
        /// The admin's name.
        #[arg(long)]
        admin: String,
    },
}
