//! What was asked for, in a line.

use super::kind;
use crate::domain::job::JobKind;
use crate::domain::request::Parameters;
use crate::domain::size::AspectRatio;

/// `draft · 864x496 · 5 s · 480p · 16:9 · sound`.
pub fn settings(request: &Parameters) -> String {
    let mut words = vec![kind(request.kind).to_owned()];
    if let Some((width, height)) = request.size_px {
        words.push(format!("{width}x{height}"));
    }
    words.push(match request.aspect {
        AspectRatio::OF_IMAGE if request.kind == JobKind::Final => {
            format!("{} shaped as its draft", request.resolution)
        }
        AspectRatio::OF_IMAGE => format!("{} shaped as its image", request.resolution),
        ratio => format!("{} {ratio}", request.resolution),
    });
    words.push(request.duration.to_string());
    if request.results > 1 {
        words.push(format!("{} results", request.results));
    }
    match request.audio {
        Some(true) => words.push("sound".to_owned()),
        Some(false) => words.push("silent".to_owned()),
        None => {}
    }
    words.extend(request.options.iter().filter_map(|(field, value)| {
        let rule = field.setting()?.option.as_ref()?;
        (rule.summary)(value)
    }));
    words.join(" · ")
}
