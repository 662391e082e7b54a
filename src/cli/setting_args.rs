//! The settings as flags of the command line, one a row of their table.

use clap::builder::PossibleValuesParser;
use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches};

use crate::domain::request::Choices;
use crate::domain::setting::{Field, Kind, SETTINGS, Setting, Value};

/// What was said of them.
#[derive(Clone, Debug)]
pub(super) struct SettingArgs {
    /// The choices, all but the images.
    pub(super) choices: Choices,
    /// The first frame, as it is written.
    pub(super) first_frame: Option<String>,
    /// The last frame, as it is written.
    pub(super) last_frame: Option<String>,
}

impl Args for SettingArgs {
    fn augment_args(command: Command) -> Command {
        command.args(SETTINGS.iter().map(arg))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for SettingArgs {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut choices = Choices::default();
        for setting in SETTINGS.iter().filter(|setting| !setting.field.is_image()) {
            choices.put(setting.field, value(setting, matches));
        }
        let image =
            |field: Field| Some(matches.get_one::<Value>(field.setting()?.flag)?.to_string());
        Ok(Self {
            choices,
            first_frame: image(Field::FirstFrame),
            last_frame: image(Field::LastFrame),
        })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

/// What was said of a final: how it comes, and for the price of a draft from elsewhere what is known of that.
#[derive(Clone, Debug)]
pub(super) struct FinalArgs {
    /// The choices.
    pub(super) choices: Choices,
}

/// What a draft from elsewhere hands down and costs by.
const PRICED: [Field; 3] = [Field::AspectRatio, Field::Duration, Field::Audio];

fn of_final() -> impl Iterator<Item = &'static Setting> {
    SETTINGS.iter().filter(|setting| setting.is_of_final() || PRICED.contains(&setting.field))
}

impl Args for FinalArgs {
    fn augment_args(command: Command) -> Command {
        command.args(of_final().map(|setting| match PRICED.contains(&setting.field) {
            true => arg(setting).requires("draft_id").help("Of that draft, for the price"),
            false => arg(setting),
        }))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for FinalArgs {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut choices = Choices::default();
        for setting in of_final() {
            choices.put(setting.field, value(setting, matches));
        }
        Ok(Self { choices })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

fn arg(setting: &'static Setting) -> Arg {
    let arg = Arg::new(setting.flag).long(setting.flag).help(setting.help);
    let Some(takes) = setting.takes else { return arg.action(ArgAction::SetTrue) };
    let arg = arg.value_name(takes);
    match setting.kind {
        Kind::Flag([no, yes]) => arg.value_parser(PossibleValuesParser::new([yes, no])),
        Kind::Whole => arg.value_parser(whole),
        Kind::Word(_) | Kind::Image => arg.value_parser(|text: &str| setting.parse(text)),
        // Not from the arguments alone, which every user of the machine can see.
        Kind::Address => {
            let name = format!("RUSHES_{}", setting.key().to_uppercase());
            arg.value_parser(|text: &str| setting.parse(text)).env(name).hide_env_values(true)
        }
    }
}

fn value(setting: &Setting, matches: &ArgMatches) -> Option<Value> {
    match (setting.takes, setting.kind) {
        (None, _) => matches.get_flag(setting.flag).then_some(Value::Flag(true)),
        (Some(_), Kind::Flag([_, yes])) => {
            let word = matches.get_one::<String>(setting.flag)?;
            Some(Value::Flag(word == yes))
        }
        _ => matches.get_one::<Value>(setting.flag).cloned(),
    }
}

fn whole(text: &str) -> Result<Value, String> {
    let whole = text.trim().parse().map(Value::Whole);
    whole.map_err(|_| "write a whole number, 0 or more".to_owned())
}
