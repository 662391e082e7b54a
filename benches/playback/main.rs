//! What playing a clip in the terminal costs, beside the players that do it too: bytes and CPU time a frame in
//! half blocks, decoding beside ffmpeg, and the pictures that are made of a clip. `cargo bench --bench playback`.
//!
//! Programs that are not installed are left out by their names. CPU times are those of the kernel's accounts, so
//! Linux alone has them. The ratios mean something on any machine, the times only on a quiet one.

mod clips;
mod ours;
mod theirs;

use std::io::{self, Write};
use std::path::Path;

/// The terminal that everything is drawn on.
const COLUMNS: u16 = 100;
const ROWS: u16 = 30;

/// What a frame costs.
#[derive(Clone, Copy)]
struct Cost {
    bytes: f64,
    cpu_ms: f64,
}

fn main() -> io::Result<()> {
    let folder = tempfile::tempdir()?;
    let out = &mut io::stdout();
    writeln!(out, "a frame at {COLUMNS}x{ROWS} cells, and as a part of mpv's")?;
    for clip in clips::to_play(folder.path())? {
        for (is_true, name) in [(true, "24 bits"), (false, "256 colours")] {
            played(out, &clip, is_true, name)?;
        }
    }
    for clip in clips::to_decode(folder.path())? {
        decoded(out, &clip)?;
    }
    Ok(())
}

/// A table: whoever plays it, with bytes and CPU time.
fn played(out: &mut impl Write, clip: &clips::Made, is_true: bool, name: &str) -> io::Result<()> {
    writeln!(out, "\n{}, {name}", clip.name)?;
    let mut rows = Vec::new();
    for player in theirs::players(is_true) {
        let cost = player.played(clip)?;
        rows.push((player.name, cost));
    }
    for tolerance in [0, 8, 16] {
        let name = format!("ours, settled with {tolerance}");
        rows.push((name, Some(ours::played(&clip.path, is_true, tolerance))));
    }
    let mpv = rows.iter().find_map(|(name, cost)| cost.filter(|_| name == "mpv"));
    for (name, cost) in rows {
        let Some(cost) = cost else {
            writeln!(out, "  {name:<22} is not installed")?;
            continue;
        };
        let of = |part: fn(&Cost) -> f64| {
            mpv.map_or("-".to_owned(), |mpv| format!("{:.2}", part(&cost) / part(&mpv)))
        };
        writeln!(
            out,
            "  {name:<22} {:>8.0} bytes {:>5}   {:>6.2} ms CPU {:>5}",
            cost.bytes,
            of(|cost| cost.bytes),
            cost.cpu_ms,
            of(|cost| cost.cpu_ms)
        )?;
    }
    Ok(())
}

/// Decoding beside ffmpeg on one thread, and the pictures that stand for a clip.
fn decoded(out: &mut impl Write, clip: &clips::Made) -> io::Result<()> {
    writeln!(out, "\n{}, {} frames", clip.name, clip.frames)?;
    let ours = ours::decoded_ms(&clip.path);
    match theirs::ffmpeg_ms(&clip.path)? {
        Some(ffmpeg) => writeln!(
            out,
            "  decode: {ours:.0} ms CPU, ffmpeg on one thread {ffmpeg:.0} ms, ratio {:.2}",
            ours / ffmpeg
        )?,
        None => writeln!(out, "  decode: {ours:.0} ms CPU; ffmpeg is not installed")?,
    }
    let (poster, all) = pictures(&clip.path);
    writeln!(out, "  poster: {poster:.0} ms CPU; first, last and sheet: {all:.0} ms CPU")
}

/// CPU time of a poster, and of the pass that makes all other pictures, in milliseconds.
fn pictures(path: &Path) -> (f64, f64) {
    use std::sync::atomic::AtomicBool;

    use rushes::media::picture::Bounds;
    use rushes::runtime::viewing;

    let go_on = AtomicBool::new(false);
    // As large as it is kept.
    let bounds = Bounds { width_px: 960, height_px: 960 };
    let poster = ours::cpu_ms(|| drop(viewing::poster(path, bounds, &go_on).expect("a poster")));
    let all = ours::cpu_ms(|| drop(viewing::all(path, &go_on).expect("pictures")));
    (poster, all)
}
