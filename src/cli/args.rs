//! The command line as clap reads it. The help texts are the reference.

use std::path::PathBuf;

use clap::builder::{FalseyValueParser, OsStringValueParser, TypedValueParser};
use clap::{ArgAction, CommandFactory, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

use super::Context;
use super::setting_args::{FinalArgs, SettingArgs};
use super::trouble::Trouble;
use crate::domain::catalog::{ModelId, default_model};
use crate::domain::money::MicroUsd;
use crate::domain::query::age_ms;
use crate::domain::size::Resolution;
use crate::sandbox::trouble::TROUBLE_WORDS;

/// Iterate on AI video prompts. Nothing paid for is lost, nothing is paid twice.
#[derive(Parser, Debug)]
#[command(name = "rushes", version, max_term_width = 100, disable_help_subcommand = true)]
pub(super) struct Args {
    /// Where jobs, clips and the sandbox are kept
    #[arg(long, global = true, value_name = "DIR", env = "RUSHES_DATA_DIR", value_parser = path())]
    pub(super) data_dir: Option<PathBuf>,
    /// The config file; a folder "catalog" beside it may hold models of your own
    #[arg(long, global = true, value_name = "FILE", env = "RUSHES_CONFIG", value_parser = path())]
    pub(super) config: Option<PathBuf>,
    /// Work with the config's [profiles.NAME]: its model, keys and addresses, and a data folder of its own
    #[arg(long, global = true, value_name = "NAME", env = "RUSHES_PROFILE")]
    pub(super) profile: Option<String>,
    /// Log what is done to rushes.log in the data folder: ids, hosts and times, no prompts and no keys
    #[arg(long, global = true, env = "RUSHES_LOG", action = ArgAction::SetTrue, value_parser = FalseyValueParser::new())]
    pub(super) log: bool,
    /// Print JSON, one object a line
    #[arg(long, global = true)]
    pub(super) json: bool,
    #[command(subcommand)]
    pub(super) verb: Option<Verb>,
}

/// A path; an empty one is left to be taken for none.
fn path() -> impl TypedValueParser {
    OsStringValueParser::new().map(PathBuf::from)
}

/// An amount in dollars.
fn money(text: &str) -> Result<MicroUsd, String> {
    let usd = text.trim_start_matches('$').parse::<f64>().ok();
    let money = usd.and_then(MicroUsd::from_usd).filter(|money| *money >= MicroUsd::ZERO);
    money.ok_or_else(|| "an amount in dollars is wanted, such as 0.25".to_owned())
}

#[derive(Subcommand, Debug)]
pub(super) enum Verb {
    /// Render a clip from a prompt
    #[command(after_help = trouble_help())]
    Generate(Box<Wish>),
    /// Turn a finished draft into its final
    Promote(Box<Promotion>),
    /// Carry on with jobs until they have ended; one that is held and named here is sent
    Wait {
        /// Their ids, or the beginnings; all live ones if left out
        jobs: Vec<String>,
        /// Send also what passes a limit of the config
        #[arg(long)]
        over_limit: bool,
        /// Send also what is paid for already: the draft's final, or the same that is under way
        #[arg(long)]
        again: bool,
        /// Send also what has another price now than when it was held, up to so many dollars each
        #[arg(long, value_name = "USD", value_parser = money)]
        max_usd: Option<MicroUsd>,
    },
    /// List the live jobs and the last ones that ended
    Jobs {
        /// Stay, and show changes as they come
        #[arg(long)]
        watch: bool,
    },
    /// Search all jobs: words, and model: is: cost: seed: since: before: star: won: tag: sort:
    History {
        /// For example: fox model:1.5 is:draft cost:<0.2 since:2d
        query: Vec<String>,
        /// The most that are listed
        #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=100_000))]
        limit: u32,
    },
    /// Sum up what jobs were estimated and charged, and what is not known
    Ledger {
        /// What a row is about
        #[arg(long, value_enum, default_value_t = LedgerBy::Day)]
        by: LedgerBy,
        /// Only jobs made within this time: 24h, 7d, 4w
        #[arg(long, value_name = "AGE", value_parser = age)]
        since: Option<u64>,
    },
    /// Show everything about a job
    Show {
        /// Its short id, or the beginning of its whole one
        job: String,
    },
    /// Open a finished clip: in the config's player, $BROWSER, or the system's own
    Open {
        /// Its short id, or the beginning of its whole one
        job: String,
        /// Which of several results, counted from 1
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100))]
        result: Option<u32>,
        /// Stay, and stream it to a browser on your own machine, through ssh
        #[arg(long)]
        serve: bool,
    },
    /// Say what a clip is: size, length, frame rate, codecs; without decoding it
    Probe {
        #[command(flatten)]
        clip: Clip,
    },
    /// Write one frame of a clip as a PNG file
    #[command(group = clap::ArgGroup::new("which").required(true))]
    Frame {
        #[command(flatten)]
        clip: Clip,
        /// The first frame
        #[arg(long, group = "which")]
        first: bool,
        /// The last frame, which the next clip can begin with
        #[arg(long, group = "which")]
        last: bool,
        /// The frame on screen after so many seconds
        #[arg(long, value_name = "S", group = "which", value_parser = seconds)]
        at: Option<u64>,
        #[command(flatten)]
        target: Target,
    },
    /// Write a contact sheet of a clip, twelve frames in one picture, as a PNG file
    Sheet {
        #[command(flatten)]
        clip: Clip,
        #[command(flatten)]
        target: Target,
    },
    /// Stop a job that is not sent yet, or that its provider can stop
    Cancel {
        /// Its short id, or the beginning of its whole one
        job: String,
    },
    /// Settle a job in doubt: say what is known of it, ask its provider again, or close it
    Settle {
        /// Its short id, or the beginning of its whole one
        job: String,
        #[command(flatten)]
        settling: Settling,
    },
    /// List the models with their sizes, lengths and prices
    Models {
        /// All are listed; scripts may still say so
        #[arg(long, hide = true)]
        all: bool,
    },
    /// Carry live jobs on without a terminal until none is left; the studio starts it when it is left
    Keeper {
        /// Say whether one runs
        #[arg(long)]
        status: bool,
    },
    /// Serve the sandbox for other programs
    #[command(after_help = trouble_help())]
    Sandbox {
        /// The address, for example 127.0.0.1:4711; port 0 takes any free one
        #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:0")]
        listen: String,
        /// How many times faster than usual it renders
        #[arg(long, value_name = "X", value_parser = speed)]
        speed: Option<f64>,
        /// The only key that is taken; any is if left out. Rather set the variable: arguments can be seen
        #[arg(long, value_name = "KEY", env = "RUSHES_SANDBOX_KEY", hide_env_values = true)]
        key: Option<String>,
        /// Take requests for this host too, as clients send whose address is fixed, and from its pages; again
        /// for another one
        #[arg(long, value_name = "NAME")]
        allow_host: Vec<String>,
    },
    /// Say what is set up, what works, and what to do
    Doctor {
        /// Bring back the history out of a damaged database and the files beside the clips; deletes nothing
        #[arg(long)]
        repair: bool,
    },
    /// Print completions for a shell
    Completions {
        /// The shell
        shell: Shell,
    },
}

/// What a row of the ledger is about.
#[derive(clap::ValueEnum, Clone, Copy, Debug)]
pub(super) enum LedgerBy {
    /// The day that jobs were made on, as this machine counts
    Day,
    /// The service
    Provider,
    /// The model
    Model,
    /// The job
    Job,
}

impl LedgerBy {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Provider => "provider",
            Self::Model => "model",
            Self::Job => "job",
        }
    }
}

fn age(text: &str) -> Result<u64, String> {
    age_ms(text).ok_or_else(|| {
        format!("'{text}' is not a valid time; expected one like 30m, 24h, 7d or 4w")
    })
}

/// Which clip is meant.
#[derive(clap::Args, Debug)]
pub(super) struct Clip {
    /// A file, or a job: its short id, or the beginning of its whole one
    #[arg(value_name = "JOB|FILE")]
    pub(super) clip: PathBuf,
    /// Which of a job's several results, counted from 1
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100))]
    pub(super) result: Option<u32>,
}

/// Where a picture goes.
#[derive(clap::Args, Debug)]
pub(super) struct Target {
    /// The file to write; - is standard output
    #[arg(short, long, value_name = "PNG")]
    pub(super) output: PathBuf,
    /// Write over a file that is there
    #[arg(long)]
    pub(super) force: bool,
}

/// Seconds as milliseconds.
fn seconds(text: &str) -> Result<u64, String> {
    match text.parse::<f64>() {
        Ok(seconds) if (0.0..=86_400.0).contains(&seconds) => Ok((seconds * 1000.0).round() as u64),
        _ => Err("write seconds from the beginning, such as 2.5".to_owned()),
    }
}

/// How a job in doubt is settled; without any of these it is only told about.
#[derive(clap::Args, Clone, Copy, Debug)]
#[group(multiple = false)]
pub(super) struct Settling {
    /// Ask the provider's records for it, where they can be asked; nothing is sent again
    #[arg(long)]
    pub(super) look_up: bool,
    /// Open the provider's dashboard
    #[arg(long)]
    pub(super) dashboard: bool,
    /// Close it: it ends, and what it cost stays unknown
    #[arg(long)]
    pub(super) close: bool,
}

/// How a job is submitted.
#[derive(clap::Args, Clone, Copy, Debug)]
pub(super) struct Submitting {
    /// Stay until the file is on disk
    #[arg(long)]
    pub(super) wait: bool,
    /// Submit also what passes a limit of the config
    #[arg(long)]
    pub(super) over_limit: bool,
    /// Pay for the same again: another final of the draft, or what is under way with the same seed
    #[arg(long)]
    pub(super) again: bool,
    /// Start no keeper, which would save what comes once this has ended [env: RUSHES_NO_KEEPER]
    #[arg(long)]
    pub(super) no_keeper: bool,
    /// Print the estimate and the exact request, and send nothing; with =remote the service checks it and
    /// says its price, where it can, and renders nothing
    #[arg(
        long,
        value_name = "remote",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "local",
        conflicts_with = "wait"
    )]
    pub(super) dry_run: Option<DryRun>,
}

/// Which draft becomes a final, and how.
#[derive(clap::Args, Debug)]
pub(super) struct Promotion {
    /// The draft: its short id, or the beginning of its whole one
    #[arg(required_unless_present = "draft_id", conflicts_with = "draft_id")]
    pub(super) job: Option<String>,
    /// Which of several results, counted from 1
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100), conflicts_with = "draft_id")]
    pub(super) result: Option<u32>,
    /// A draft that was made elsewhere, by the id that the service gave it
    #[arg(long, value_name = "ID", requires = "prompt")]
    pub(super) draft_id: Option<String>,
    /// The model that made that draft [default: the config's, or sandbox/1.5-pro]
    #[arg(long, value_name = "ID", requires = "draft_id")]
    pub(super) model: Option<String>,
    /// The prompt of that draft
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true, requires = "draft_id")]
    pub(super) prompt: Option<String>,
    /// 480p, 720p or 1080p, as the model has them; the cheapest if left out
    #[arg(long)]
    pub(super) resolution: Option<Resolution>,
    #[command(flatten)]
    pub(super) settings: FinalArgs,
    #[command(flatten)]
    pub(super) submitting: Submitting,
}

/// What a person wants rendered.
#[derive(clap::Args, Debug)]
#[command(allow_negative_numbers = true)]
pub(super) struct Wish {
    /// The prompt, also as --prompt TEXT, where it may begin with a hyphen
    #[arg(value_name = "PROMPT", conflicts_with_all = ["prompt", "prompt_file"])]
    pub(super) text: Option<String>,
    /// The prompt
    #[arg(
        long,
        value_name = "TEXT",
        hide = true,
        allow_hyphen_values = true,
        required_unless_present_any = ["prompt_file", "text"],
        conflicts_with = "prompt_file"
    )]
    pub(super) prompt: Option<String>,
    /// A file with the prompt; - reads it from standard input
    #[arg(long, value_name = "FILE")]
    pub(super) prompt_file: Option<PathBuf>,
    /// provider/model, as `rushes models` lists them [default: the config's, or sandbox/1.0-pro, and for a draft sandbox/1.5-pro]
    #[arg(long, value_name = "ID")]
    pub(super) model: Option<String>,
    #[command(flatten)]
    pub(super) settings: SettingArgs,
    /// A job with a clip whose last frame this one begins with: the next shot, kept as its descendant
    #[arg(long, value_name = "JOB", conflicts_with = "first-frame")]
    pub(super) first_frame_of: Option<String>,
    #[command(flatten)]
    pub(super) submitting: Submitting,
}

/// Who says what a request would cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum DryRun {
    /// The catalog; nothing is sent.
    Local,
    /// The service as well.
    Remote,
}

impl Wish {
    /// The model that is named, or else `default`.
    pub(super) fn model_id(&self, default: Option<&ModelId>) -> Result<ModelId, Trouble> {
        model_id(self.model.as_deref(), default, self.settings.choices.draft)
    }
}

/// The model that is `named`, or else `default`, or else one for drafts or for full renders.
pub(super) fn model_id(
    named: Option<&str>,
    default: Option<&ModelId>,
    draft: bool,
) -> Result<ModelId, Trouble> {
    match (named, default) {
        (Some(text), _) => text.parse().map_err(Trouble::wrong),
        (None, Some(default)) => Ok(default.clone()),
        (None, None) => Ok(default_model(draft)),
    }
}

fn speed(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(speed) if (0.01..=1000.0).contains(&speed) => Ok(speed),
        _ => Err("choose a number from 0.01 to 1000".to_owned()),
    }
}

fn trouble_help() -> String {
    let rows: Vec<String> =
        TROUBLE_WORDS.iter().map(|one| format!("  {:<30}{}", one.word, one.what)).collect();
    format!("Words in a prompt that ask the sandbox for trouble:\n{}", rows.join("\n"))
}

/// What the program can do, for whoever starts it without a verb.
pub(super) fn print_overview(context: &mut Context) -> Result<u8, Trouble> {
    let help = Args::command().render_help();
    context.out.line(help.to_string().trim_end())?;
    context.out.line("")?;
    context.out.line("A first clip, rendered on this machine for nothing:")?;
    context.out.line("  rushes generate --wait --prompt \"a paper boat on a rain puddle\"")?;
    Ok(0)
}

/// The whole command, for completions.
pub(super) fn command() -> clap::Command {
    Args::command()
}
