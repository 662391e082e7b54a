//! Programs that are started beside this one: editor, players, browsers, codecs. None of them has a use for
//! the services' keys, so none inherits them. The keeper and the commands that print a key are no such
//! programs, and are started where they belong.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::process::Command;
use std::sync::{Mutex, PoisonError};

use crate::domain::catalog::Catalog;

/// The variables that hold keys by the catalog, with the user's own files on top.
static NAMES: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

/// Remembers which variables hold keys. Many programs are started where no catalog is at hand.
pub(super) fn remember_keys(catalog: &Catalog) {
    let mut names = NAMES.lock().unwrap_or_else(PoisonError::into_inner);
    names.extend(names_of(catalog));
}

fn names_of(catalog: &Catalog) -> impl Iterator<Item = String> {
    let names = catalog.providers.iter().map(|provider| provider.key_env.clone());
    names.chain(["RUSHES_SANDBOX_KEY".to_owned()]).filter(|name| !name.is_empty())
}

/// `program`, to be started without keys.
pub fn command(program: impl AsRef<OsStr>) -> Command {
    without_keys(Command::new(program))
}

/// The same for a command that is there already.
pub(super) fn without_keys(mut command: Command) -> Command {
    let mut names = NAMES.lock().unwrap_or_else(PoisonError::into_inner);
    if names.is_empty() {
        names.extend(names_of(&Catalog::load(&[]).0));
    }
    names.iter().for_each(|name| _ = command.env_remove(name));
    command
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::catalog::CatalogFile;

    #[test]
    fn a_program_inherits_no_key_of_any_catalog() {
        let text = "[provider]\nid = \"own\"\nname = \"Own\"\nprotocol = \"runpod\"\nkey_env = \"OWN_KEY\"\n";
        let (catalog, problems) = Catalog::load(&[CatalogFile { name: "own.toml", text }]);
        assert_eq!(problems, []);
        remember_keys(&catalog);
        let command = command("true");
        let removed: BTreeSet<_> =
            command.get_envs().filter(|(_, value)| value.is_none()).map(|(name, _)| name).collect();
        for name in [
            "RUNWARE_API_KEY",
            "RUNPOD_API_KEY",
            "RUNBASE_API_KEY",
            "RUSHES_SANDBOX_KEY",
            "OWN_KEY",
        ] {
            assert!(removed.contains(OsStr::new(name)), "{name} is inherited");
        }
    }
}
