//! How long a job usually takes, which decides when it is asked for.

use super::driver::DriverError;
use super::workspace::Workspace;
use crate::domain::job::Job;
use crate::domain::request::Parameters;

/// How long such a job usually takes: by this user's own past jobs, or by the catalog's guess.
pub(super) async fn expected_ms(workspace: &Workspace, job: &Job) -> Result<u64, DriverError> {
    let request = job.request.clone();
    let learned = workspace.store.run(move |store| {
        store.typical_render_ms(&request.model, request.kind, request.resolution, request.duration)
    });
    if let Some(ms) = learned.await?? {
        return Ok(ms);
    }
    Ok(guessed_ms(workspace, &job.request))
}

/// The catalog's guess, which for the sandbox holds at its usual speed.
fn guessed_ms(workspace: &Workspace, request: &Parameters) -> u64 {
    let guess_ms = workspace.catalog.expected_wait_s(request) * 1000;
    let provider = workspace.catalog.provider(&request.model.provider);
    if provider.is_some_and(|provider| provider.play_money) {
        return (guess_ms as f64 / workspace.config.sandbox_speed()) as u64;
    }
    guess_ms
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::request::{Choices, GenerationRequest};
    use crate::runtime::places::Places;

    /// At fifty times the speed the first poll of a draft came after half of the usual five seconds.
    #[test]
    fn a_quick_sandbox_is_expected_to_be_quick() {
        let folder = tempfile::tempdir().expect("a folder");
        let config_file = folder.path().join("config.toml");
        std::fs::write(&config_file, "[sandbox]\nspeed = 50\n").expect("a config");
        let places = Places {
            data_dir: folder.path().join("data"),
            config_file,
            config_is_named: false,
            profile: None,
        };
        let workspace = Workspace::open(places).expect("a workspace");
        let guess = |id: &str| {
            let model = workspace.catalog.model(&id.parse().expect("an id")).expect("a model");
            let choices = Choices { prompt: "a fox".into(), ..Choices::default() };
            guessed_ms(&workspace, &GenerationRequest::new(model, choices).expect("a request"))
        };
        assert_eq!(guess("sandbox/1.5-pro"), 12_000 / 50);
        assert_eq!(guess("runware/1.5-pro"), 80_000);
    }
}
