//! Reading catalog files. A wrong table is reported with its line and left out; the rest loads.

use std::fmt;

use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeTable, DeValue, ValueDeserializer};

use super::super::secret::without_values;
use super::super::text::{clean, name};
use super::model::{Status, StatusKind};
use super::{Catalog, Model, Provider};

/// The files that are compiled in, by name. A provider adds one line here.
pub const BUILT_IN: &[CatalogFile<'static>] = &[
    CatalogFile {
        name: "runware.toml",
        text: include_str!("../../../assets/catalog/runware.toml"),
    },
    CatalogFile { name: "runpod.toml", text: include_str!("../../../assets/catalog/runpod.toml") },
    CatalogFile {
        name: "runbase.toml",
        text: include_str!("../../../assets/catalog/runbase.toml"),
    },
    CatalogFile {
        name: "sandbox.toml",
        text: include_str!("../../../assets/catalog/sandbox.toml"),
    },
];

/// A catalog file that was read.
#[derive(Clone, Copy, Debug)]
pub struct CatalogFile<'a> {
    /// Its name or path, for messages.
    pub name: &'a str,
    /// What it says.
    pub text: &'a str,
}

/// What is wrong with a catalog file, and where. Everything else of it still loads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CatalogProblem {
    /// The file's name or path.
    pub file: String,
    /// The line, counted from one.
    pub line: usize,
    /// What is wrong and what would be right.
    pub what: String,
}

impl fmt::Display for CatalogProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file, self.line, self.what)
    }
}

impl Catalog {
    /// The built-in catalog with `others` merged on top in their order, and what was wrong.
    ///
    /// A table of a later file replaces the provider or model of the same id.
    pub fn load(others: &[CatalogFile<'_>]) -> (Self, Vec<CatalogProblem>) {
        let mut catalog = Self::default();
        let mut problems = Vec::new();
        for file in BUILT_IN.iter().chain(others) {
            catalog.merge(*file, &mut problems);
        }
        catalog.mirror();
        (catalog, problems)
    }

    fn merge(&mut self, file: CatalogFile<'_>, problems: &mut Vec<CatalogProblem>) {
        let mut report = |offset: usize, what: String| {
            let what = clean(&without_values(&what));
            let line = file.text[..offset.min(file.text.len())].matches('\n').count() + 1;
            problems.push(CatalogProblem { file: clean(file.name), line, what });
        };
        let table = match DeTable::parse(file.text) {
            Ok(table) => {
                let mut table = table.into_inner();
                table.iter_mut().for_each(|(_, value)| clean_texts(value.get_mut()));
                table
            }
            Err(error) => {
                let offset = error.span().map_or(0, |span| span.start);
                return report(offset, format!("not TOML: {}", error.message()));
            }
        };
        let mut provider_id = None;
        let mut models = Vec::new();
        for (key, value) in table {
            let start = key.span().start;
            match (key.into_inner().as_ref(), value.into_inner()) {
                ("provider", provider @ DeValue::Table(_)) => {
                    match read::<Provider>(Spanned::new(start..start, provider)) {
                        Ok(provider) => {
                            provider_id = Some(provider.id.clone());
                            put(&mut self.providers, provider, |one| one.id.clone());
                        }
                        Err((offset, what)) => report(offset.unwrap_or(start), what),
                    }
                }
                ("for_provider", DeValue::String(id)) => {
                    if self.provider(&id).is_none() {
                        let known = self.providers.iter().map(|one| one.id.as_str());
                        let known = known.collect::<Vec<_>>().join(", ");
                        report(start, format!("for_provider '{id}' is unknown; known are {known}"));
                    }
                    provider_id = Some(id.into_owned());
                }
                ("model", DeValue::Array(all)) => models.extend(all),
                (other, _) => report(
                    start,
                    format!(
                        "'{other}' is not known here; a catalog file has [provider] or for_provider = \"…\", and [[model]] tables"
                    ),
                ),
            }
        }
        let Some(provider_id) = provider_id.filter(|id| self.provider(id).is_some()) else {
            if !models.is_empty() {
                report(0, "its models belong to no provider; begin the file with for_provider = \"runware\" or a [provider] table".into());
            }
            return;
        };
        self.merge_models(&provider_id, models, &mut report);
    }

    fn merge_models<'a>(
        &mut self,
        provider_id: &str,
        models: impl IntoIterator<Item = Spanned<DeValue<'a>>>,
        report: &mut impl FnMut(usize, String),
    ) {
        let mut seen = Vec::new();
        for table in models {
            let start = table.span().start;
            let mut model = match read::<Model>(table) {
                Ok(model) => model,
                Err((offset, what)) => {
                    report(offset.unwrap_or(start), what);
                    continue;
                }
            };
            model.provider = provider_id.to_owned();
            if let Some(what) = model.inconsistency() {
                report(start, format!("model '{}': {what}", model.id));
            } else if seen.contains(&model.id) {
                report(
                    start,
                    format!("model '{}' stands twice in this file; the first is kept", model.id),
                );
            } else {
                seen.push(model.id.clone());
                put(&mut self.models, model, Model::key);
            }
        }
    }

    /// Gives every mirroring provider the models of the one that it mirrors, as live ones.
    fn mirror(&mut self) {
        for provider in &self.providers {
            let Some(source) = &provider.mirrors else { continue };
            let copies: Vec<Model> = self
                .models
                .iter()
                .filter(|model| model.provider == *source)
                .map(|model| Model {
                    provider: provider.id.clone(),
                    status: Status {
                        kind: StatusKind::Live,
                        since: None,
                        successor: None,
                        note: stands_for(model),
                    },
                    ..model.clone()
                })
                .collect();
            for copy in copies {
                if !self.models.iter().any(|model| model.key() == copy.key()) {
                    self.models.push(copy);
                }
            }
        }
    }
}

/// What a copy of `model` says of it: whether it is alive is said of the real one.
fn stands_for(model: &Model) -> String {
    match &model.status.note {
        note if note.is_empty() => format!("stands for {}", model.key()),
        note => format!("stands for {}: {note}", model.key()),
    }
}

/// Cleans every text: a catalog file may be somebody else's.
fn clean_texts(value: &mut DeValue<'_>) {
    match value {
        DeValue::String(text) => *text = clean(text).into(),
        DeValue::Array(all) => all.iter_mut().for_each(|one| clean_texts(one.get_mut())),
        DeValue::Table(parts) => parts.iter_mut().for_each(|(key, one)| {
            clean_texts(one.get_mut());
            if let DeValue::String(text) = one.get_mut()
                && matches!(key.get_ref().as_ref(), "id" | "name")
            {
                *text = name(text).into();
            }
        }),
        _ => {}
    }
}

/// One table as `T`, or the offset of what is wrong and its description.
fn read<T: DeserializeOwned>(value: Spanned<DeValue<'_>>) -> Result<T, (Option<usize>, String)> {
    T::deserialize(ValueDeserializer::from(value))
        .map_err(|error| (error.span().map(|span| span.start), error.message().to_owned()))
}

fn put<T, K: PartialEq>(all: &mut Vec<T>, one: T, key: impl Fn(&T) -> K) {
    match all.iter_mut().find(|other| key(other) == key(&one)) {
        Some(same) => *same = one,
        None => all.push(one),
    }
}
