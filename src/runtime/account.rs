//! What can be asked of a service without paying: whether a key works, what the account holds, what a
//! request would cost.
//!
//! RunPod and Runbase tell no balance. Their keys are checked by what is free: the endpoint's `health`, and a run
//! that there can't be.

use jiff::Timestamp;

use super::clock::{new_attempt_key, wall};
use super::http::MAX_REPLY_BYTES;
use super::keys::Address;
use super::line::{Line, address, key, line};
use super::workspace::Workspace;
use crate::domain::catalog::{Model, Provider};
use crate::domain::job::{Charged, FailureClass, Job, JobError};
use crate::domain::money::MicroUsd;
use crate::domain::outcome::Trouble;
use crate::provider::registry::{self, Images};
use crate::provider::wire::HttpResponse;

/// A service as it answered.
#[derive(Debug)]
pub struct Account {
    /// Where it was asked.
    pub address: Address,
    /// What the account holds, if the service tells, where the key works; otherwise why it does not, or
    /// why that can't be told.
    pub balance: Result<Option<MicroUsd>, JobError>,
    /// How many seconds this machine's clock is ahead of the service's, where that could be seen.
    pub ahead_s: Option<i64>,
}

/// Asks `provider` whether its key works, which costs nothing.
pub async fn look(workspace: &Workspace, provider: &Provider) -> Result<Account, JobError> {
    let line = line(workspace, &provider.id).await?;
    let models = &workspace.catalog.models;
    let model = models.iter().find(|model| model.provider == provider.id);
    let wire_id = model.map_or("", |model| &model.wire_id);
    let request =
        registry::check_key(provider.protocol, &line.address.url, new_attempt_key(), wire_id);
    let asked = wall();
    let reply = workspace.transport.send(request, &line.key, MAX_REPLY_BYTES).await;
    let (balance, ahead_s) = match reply {
        Ok(reply) => {
            (registry::key_checked(provider.protocol, &reply), ahead_s(&reply, asked, wall()))
        }
        Err(error) => (Err(Trouble::from(error).error), None),
    };
    let balance = line.heard(balance);
    Ok(Account { address: line.address, balance, ahead_s })
}

/// What the account at `provider` holds; none where the provider does not tell, or not now.
pub async fn balance(workspace: &Workspace, provider: &str) -> Option<MicroUsd> {
    let provider = workspace.catalog.provider(provider)?;
    if !registry::tells_balance(provider.protocol) {
        return None;
    }
    look(workspace, provider).await.ok()?.balance.ok()?
}

/// What a service says that a job would cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Price {
    /// So much.
    Told(MicroUsd),
    /// It can't be asked: nothing was sent.
    NotOffered,
    /// It answered without a price.
    Silent,
}

/// Has the service of `job` check and price it. The job is neither stored nor submitted: what is sent is
/// only what the adapter makes for a dry run.
pub async fn price(
    workspace: &Workspace,
    provider: &Provider,
    model: &Model,
    job: &Job,
    images: &Images,
) -> Result<Price, JobError> {
    let protocol = provider.protocol;
    let address = address(workspace, provider).await?;
    let Some(request) = registry::dry_run(protocol, &address.url, model, job, images) else {
        return Ok(Price::NotOffered);
    };
    let key = key(workspace, provider).await?;
    let line = Line { provider, address, key };
    let reply = workspace.transport.send(request?, &line.key, MAX_REPLY_BYTES).await;
    let reply = reply.map_err(|error| Trouble::from(error).error);
    let price = line.heard(reply.and_then(|reply| registry::priced(protocol, &reply)))?;
    match price {
        Some(price) if !job.estimate.believes(price) => {
            let message = format!("it names a price of {price}, which can't be believed");
            let class = FailureClass::Provider;
            Err(JobError::ours(class, "price", message, Charged::NotCharged))
        }
        price => Ok(price.map_or(Price::Silent, Price::Told)),
    }
}

/// How many seconds our clock is ahead of the one that wrote the reply's `Date` between `asked` and
/// `answered`. That one is told in whole seconds, cut, so it is half a second later on average.
fn ahead_s(reply: &HttpResponse, asked: Timestamp, answered: Timestamp) -> Option<i64> {
    let date = jiff::fmt::rfc2822::parse(reply.header("date")?).ok()?.timestamp();
    let ours_ms = i64::midpoint(asked.as_millisecond(), answered.as_millisecond());
    let ahead_ms = ours_ms - date.as_millisecond() - 500;
    Some((ahead_ms as f64 / 1000.0).round() as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_services_clock_is_read_from_its_reply() {
        let at = |text: &str| text.parse::<Timestamp>().expect("a time");
        let (asked, answered) = (at("2026-11-20T12:00:00.2Z"), at("2026-11-20T12:00:00.8Z"));
        let ahead = |date: &str| {
            let headers = vec![("date".to_owned(), date.to_owned())];
            ahead_s(&HttpResponse { status: 200, headers, body: Vec::new() }, asked, answered)
        };
        assert_eq!(ahead("Fri, 20 Nov 2026 12:00:00 GMT"), Some(0));
        assert_eq!(ahead("Fri, 20 Nov 2026 11:57:00 GMT"), Some(180));
        assert_eq!(ahead("Fri, 20 Nov 2026 12:00:45 GMT"), Some(-45));
        assert_eq!(ahead("yesterday"), None);
    }
}
