//! `rushes sandbox`: the sandbox of the data folder, served for other programs.

use std::sync::Arc;

use serde_json::json;

use super::Context;
use super::interrupt::Signals;
use super::trouble::Trouble;
use crate::runtime::config::Config;
use crate::runtime::sandbox_host::{HostError, SandboxHost};
use crate::runtime::workspace::read_catalog;

pub(super) async fn run(
    context: &mut Context,
    listen: &str,
    speed: Option<f64>,
    key: Option<String>,
    allowed: Vec<String>,
) -> Result<u8, Trouble> {
    if listen.parse::<std::net::SocketAddr>().is_err() {
        return Err(Trouble::wrong(format!(
            "'{listen}' is not a valid address for --listen; expected one like 127.0.0.1:4711"
        )));
    }
    let config = Config::read(&context.places).map_err(Trouble::wrong)?;
    let (catalog, problems) = read_catalog(&context.places);
    context.say_problems(&problems);
    let speed = speed.unwrap_or_else(|| config.sandbox_speed());
    let host = SandboxHost::new(context.places.sandbox_dir(), Arc::new(catalog), speed);
    let one_key = key.is_some();
    let address = host.serve(listen, key, allowed).await.map_err(|error| match error {
        HostError::Address { .. } => Trouble::wrong(error),
        other => Trouble::failed(other),
    })?;
    let url = format!("http://{address}/v1");
    if context.json {
        context.out.json(&json!({ "url": url, "speed": speed }))?;
    } else {
        context.out.line(&format!("the sandbox listens at {url}"))?;
        context.out.note(&format!(
            "it is Runware there, RunPod at http://{address}/v2, and Runbase at http://{address}/api/v1"
        ));
        let keys = if one_key { "it takes that key alone" } else { "it takes any key" };
        context
            .out
            .note(&format!("{keys}; Ctrl+C ends it, and its jobs go on when it is served again"));
    }
    Err(Signals::listen()?.end().await)
}
