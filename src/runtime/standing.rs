//! What a job is held against before it is sent: limits and prices as their files are now, beside what the
//! database says.
//!
//! Limits count the last 24 hours: what is charged, what is under way, and what nobody told; what is under way also
//! where it is older, and nothing that is held. What is to be sent is held against them once more when a driver takes
//! it on, with what was stored before it: whoever came later saw it count.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::config::{Config, ConfigError};
use super::new_job::Refused;
use super::places::Places;
use super::workspace::read_catalog;
use crate::domain::catalog::Catalog;
use crate::domain::consent::{Objection, Standing};
use crate::domain::cost::Estimate;
use crate::domain::ledger::Limits;
use crate::domain::money::MicroUsd;
use crate::domain::request::Parameters;
use crate::store;

/// The limits of the config, and the models with their prices.
pub(super) struct Rules {
    pub(super) limits: Limits,
    catalog: Arc<Catalog>,
}

impl Rules {
    /// As their files are now.
    pub(super) fn now(places: &Places) -> Result<Self, ConfigError> {
        Self::with(Arc::new(read_catalog(places).0), places)
    }

    /// The limits as they are now, for the models of `catalog`.
    pub(super) fn with(catalog: Arc<Catalog>, places: &Places) -> Result<Self, ConfigError> {
        Ok(Self { limits: Config::read(places)?.limits, catalog })
    }

    /// What `request` costs; none where the catalog no longer has its model.
    pub(super) fn estimate(&self, request: &Parameters) -> Option<Estimate> {
        Some(Estimate::of(self.catalog.model(&request.model)?, request))
    }

    /// What is real money of what was `spent`, model by model.
    pub(super) fn real(&self, spent: &[(String, MicroUsd)]) -> MicroUsd {
        let provider = |model: &str| model.split('/').next().unwrap_or_default().to_owned();
        let real = spent.iter().filter(|(model, _)| is_real(&self.catalog, &provider(model)));
        real.map(|(_, money)| *money).sum()
    }

    /// How things stand for `request` where the database says `there`.
    pub(super) fn standing(&self, request: &Parameters, there: store::Standing) -> Standing {
        Standing {
            estimate: self.estimate(request),
            is_real: is_real(&self.catalog, &request.model.provider),
            limits: self.limits,
            spent: self.real(&there.spent),
            jobs: there.jobs,
            unread_finals: there.unread_finals,
        }
    }

    /// That `request` is not sent, for these `objections`.
    pub(super) fn refused(&self, request: &Parameters, objections: Vec<Objection>) -> Box<Refused> {
        let model = self.catalog.model(&request.model).cloned();
        Box::new(Refused { objections, model, limits: self.limits })
    }
}

/// Whether `provider` takes real money. One that the catalog no longer has took it when it was there.
pub fn is_real(catalog: &Catalog, provider: &str) -> bool {
    !catalog.provider(provider).is_some_and(|provider| provider.play_money)
}

/// Since when money counts toward a day's limit at `at`.
pub(super) fn a_day_before(at: Timestamp) -> Timestamp {
    at.checked_sub(SignedDuration::from_hours(24)).unwrap_or(Timestamp::MIN)
}
