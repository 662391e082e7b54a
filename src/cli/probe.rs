//! `rushes probe`: what a clip is, read from its index.

use serde_json::json;

use super::Context;
use super::args::Clip;
use super::clip;
use super::trouble::Trouble;
use crate::runtime::viewing;
use crate::words;

pub(super) async fn run(context: &mut Context, asked: &Clip) -> Result<u8, Trouble> {
    let file = clip::find(context, asked).await?;
    let (facts, bytes) = clip::look(&file, |path, _| viewing::facts(path)).await?;
    let (over, under) = facts.frame_rate;
    // As it is shown, not as it lies in the file.
    let (width, height) = facts.shown_px();
    if context.json {
        context.out.json(&json!({
            "path": file.display().to_string(),
            "bytes": bytes,
            "width": width,
            "height": height,
            "rotation": facts.pose.rotation_deg,
            "mirrored": facts.pose.mirrored,
            "pixel_aspect": format!("{}/{}", facts.pose.pixel_aspect.0, facts.pose.pixel_aspect.1),
            "duration_s": facts.duration_ms as f64 / 1000.0,
            "frames": facts.frames,
            "frame_rate": format!("{over}/{under}"),
            "video_codec": facts.video_codec,
            "audio_codec": facts.audio_codec,
        }))?;
        return Ok(0);
    }
    let rate = match over {
        0 => "no frame rate told".to_owned(),
        _ => format!("{} frames/s", rounded(f64::from(over) / f64::from(under))),
    };
    let turned = match facts.pose.rotation_deg {
        0 => String::new(),
        turn => format!(", turned by {turn} degrees"),
    };
    let mirrored = if facts.pose.mirrored { ", mirrored" } else { "" };
    let length = rounded(facts.duration_ms as f64 / 1000.0);
    context.out.line(&file.display().to_string())?;
    for line in [
        format!("{width}x{height}{mirrored}{turned}"),
        format!("{length} s, {} at {rate}", words::count(facts.frames as usize, "frame")),
        format!("video {}", facts.video_codec),
        format!("audio {}", facts.audio_codec.as_deref().unwrap_or("none")),
        words::bytes(bytes),
    ] {
        context.out.line(&format!("  {line}"))?;
    }
    Ok(0)
}

/// At most three places, and none that say nothing.
fn rounded(value: f64) -> String {
    let text = format!("{value:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
