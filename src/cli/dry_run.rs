//! `rushes generate --dry-run`: what would be sent and what it would cost, and nothing rendered.
//!
//! A dry run at the service is a request of its own in the adapter, made with the header that keeps it from being a
//! job; what runs it has no other request to send. An answer without a price ends with status 3, since it may be a
//! job.

use serde_json::{Value, json};

use super::Context;
use super::args::{DryRun, Wish};
use super::generate::request;
use super::submit;
use super::trouble::Trouble;
use crate::domain::catalog::{Catalog, Model, Provider};
use crate::domain::job::Job;
use crate::domain::money::MicroUsd;
use crate::domain::request::Choices;
use crate::provider::registry::{self, Images};
use crate::runtime::account::{self, Price};
use crate::runtime::config::Config;
use crate::runtime::images::{self, ReadImage};
use crate::runtime::keys;
use crate::runtime::new_job::new_job;
use crate::runtime::workspace::{Workspace, read_catalog};

/// Prints the request and its price by the catalog, which opens no database and sends nothing; `Remote`
/// asks the service as well.
pub(super) async fn run(
    context: &mut Context,
    wish: &Wish,
    choices: Choices,
    images: &[ReadImage],
    who: DryRun,
) -> Result<u8, Trouble> {
    let config = Config::read(&context.places).map_err(Trouble::wrong)?;
    let (catalog, problems) = read_catalog(&context.places);
    context.say_problems(&problems);
    let id = wish.model_id(config.model.as_ref())?;
    let (model, request) = request(context, &catalog, &id, choices, &config.defaults)?;
    let job = new_job(&model, request, None);
    tell(context, (&catalog, &config), &model, &job, &images::contents(images), who).await
}

/// The same for `job`, whose model and price are looked up in a catalog and a config.
pub(super) async fn tell(
    context: &mut Context,
    (catalog, config): (&Catalog, &Config),
    model: &Model,
    job: &Job,
    contents: &Images,
    who: DryRun,
) -> Result<u8, Trouble> {
    let id = &job.request.model;
    let Some(provider) = catalog.provider(&id.provider) else {
        return Err(Trouble::wrong(format!("the catalog has no provider '{}'", id.provider)));
    };
    let base_url = if provider.play_money {
        "http://127.0.0.1:<chosen at start>/v1".to_owned()
    } else {
        keys::base_url(provider, config).map_err(|error| Trouble::wrong(error.message))?.url
    };
    let wire = registry::submit(provider.protocol, &base_url, model, job, contents)
        .map_err(|error| Trouble::failed(error.message))?;
    let body: Value = serde_json::from_slice(&wire.body).map_err(Trouble::failed)?;
    let price = match who {
        DryRun::Local => None,
        DryRun::Remote => Some(ask(context, provider, model, job, contents).await?),
    };
    if context.json {
        let estimate = &job.estimate;
        let mut told = json!({
            "dry_run": true,
            "model": id.to_string(),
            "estimate_usd": estimate.most().map(MicroUsd::as_usd),
            "estimate_low_usd": estimate.total.map(|(low, _)| low.as_usd()),
            "tokens": estimate.tokens,
            "method": "POST",
            "url": keys::shown(&wire.url),
            "body": body,
        });
        if let Some(price) = price {
            told["service_usd"] = json!(price.map(MicroUsd::as_usd));
        }
        context.out.json(&told)?;
        return Ok(0);
    }
    print(context, model, job, &keys::shown(&wire.url), body)?;
    match price {
        None => context.out.note("nothing was sent"),
        Some(Some(price)) => {
            context.out.line(&format!("{} would charge {price}", provider.name))?;
            context.out.note("nothing was rendered or charged");
        }
        Some(None) => context.out.note(&format!(
            "{} can't be asked for a price, so nothing was sent: the estimate is the catalog's",
            provider.name
        )),
    }
    Ok(0)
}

/// The service's own price; none where it can't be asked for one.
async fn ask(
    context: &Context,
    provider: &Provider,
    model: &Model,
    job: &Job,
    images: &Images,
) -> Result<Option<MicroUsd>, Trouble> {
    let workspace = Workspace::open(context.places.clone())?;
    match account::price(&workspace, provider, model, job, images).await {
        Ok(Price::Told(price)) => Ok(Some(price)),
        Ok(Price::NotOffered) => Ok(None),
        Ok(Price::Silent) => Err(Trouble::unknown(format!(
            "{} answered without a price. Should it have taken this as a job, its dashboard has it as {}",
            provider.name, job.attempt_key
        ))),
        Err(error) => Err(Trouble::failed(format!(
            "{}; nothing was rendered or charged. {}",
            error.message.trim_end_matches('.'),
            error.advice()
        ))),
    }
}

fn print(
    context: &mut Context,
    model: &Model,
    job: &Job,
    url: &str,
    mut body: Value,
) -> Result<(), Trouble> {
    if let Some(warning) = submit::status_warning(model) {
        context.out.note(&format!("warning: {warning}"));
    }
    if let Some(note) = model.unverified_of(&job.request) {
        context.out.note(&format!("unverified: {note}"));
    }
    context.out.line(&format!("estimate: {}", job.estimate))?;
    for line in crate::words::estimate_parts(&job.estimate) {
        context.out.line(&format!("  {line}"))?;
    }
    context.out.line(&format!("POST {url}"))?;
    shorten(&mut body);
    context.out.line(&serde_json::to_string_pretty(&body).map_err(Trouble::failed)?)
}

/// Shows an image that goes along as data by its beginning: nobody reads megabytes of it.
fn shorten(value: &mut Value) {
    match value {
        Value::String(text) if text.starts_with("data:") && text.len() > 80 => {
            let begin: String = text.chars().take(40).collect();
            *text = format!("{begin}… ({} characters; --json prints them all)", text.len());
        }
        Value::Array(all) => all.iter_mut().for_each(shorten),
        Value::Object(parts) => parts.values_mut().for_each(shorten),
        _ => {}
    }
}
