//! A provider with its address and key, ready to be spoken to.

use secrecy::{ExposeSecret as _, SecretString};

use super::keys::{self, Address};
use super::workspace::Workspace;
use crate::domain::account::Account;
use crate::domain::catalog::Provider;
use crate::domain::job::{Charged, FailureClass, JobError};
use crate::domain::outcome::Told;

/// What an exchange with a provider needs.
pub(super) struct Line<'a> {
    pub(super) provider: &'a Provider,
    pub(super) address: Address,
    pub(super) key: SecretString,
}

impl Line<'_> {
    /// The account that it leads to; none at the sandbox, which has one for all.
    pub(super) fn account(&self) -> Option<Account> {
        let real = !self.provider.play_money;
        real.then(|| Account::of(self.key.expose_secret(), &self.address.url))
    }

    /// What came of an exchange, before anybody stores, shows or logs it: services repeat keys in errors.
    pub(super) fn heard<T: Told>(&self, told: T) -> T {
        told.without_key(self.key.expose_secret())
    }
}

/// The line to `provider`.
pub(super) async fn line<'a>(
    workspace: &'a Workspace,
    provider: &str,
) -> Result<Line<'a>, JobError> {
    let Some(provider) = workspace.catalog.provider(provider) else {
        let message = format!("the catalog no longer has the provider '{provider}'");
        let class = FailureClass::ModelGone;
        return Err(JobError::ours(class, "noProvider", message, Charged::NotCharged));
    };
    let address = address(workspace, provider).await?;
    let key = key(workspace, provider).await?;
    Ok(Line { provider, address, key })
}

/// The key for `provider`; the sandbox's own lies in its folder.
pub(super) async fn key(
    workspace: &Workspace,
    provider: &Provider,
) -> Result<SecretString, JobError> {
    if !provider.play_money {
        return workspace.keys.key(provider, &workspace.config).await;
    }
    workspace.sandbox.secret().map_err(|error| unserved(error.to_string()))
}

fn unserved(message: String) -> JobError {
    JobError::ours(FailureClass::Network, "sandbox", message, Charged::NotCharged)
}

/// Where `provider` is; the sandbox is served first, if nobody does.
pub(super) async fn address(
    workspace: &Workspace,
    provider: &Provider,
) -> Result<Address, JobError> {
    if !provider.play_money {
        return keys::base_url(provider, &workspace.config);
    }
    let served = workspace.sandbox.base_url().await;
    served.map(|url| Address { url, from: "sandbox" }).map_err(unserved)
}
