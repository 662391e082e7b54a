//! The size of a clip: `width` and `height`, `resolution`, or the frame image's shape.

use super::fault::Fault;
use super::fields::{Fields, or};
use crate::domain::catalog::Model;
use crate::domain::size::{AspectRatio, Resolution};

/// A size that the model has.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Size {
    /// Its resolution.
    pub(super) resolution: Resolution,
    /// Its ratio.
    pub(super) aspect: AspectRatio,
    /// Width and height.
    pub(super) pixels: (u32, u32),
}

/// What decides the ratio where no pixels are given.
#[derive(Clone, Copy, Debug)]
pub(super) enum Shape {
    /// Nothing does, so it is 16:9; the docs don't say.
    Text,
    /// The first image does, by its width over height where that is known: an image that is named
    /// by an address or a UUID is never looked at, and counts as 16:9.
    Image(Option<f64>),
    /// The draft's ratio is inherited.
    Draft(AspectRatio),
}

/// The size that the fields ask for among `offered`, or nothing once that was refused. `note` is
/// added to a refusal.
///
/// "Either provide `inputs.frameImages`, or specify `width/height` or `resolution`. `resolution`
/// cannot be used with `width/height`. `width` and `height` must be used together." (docs)
pub(super) fn of(
    fields: &mut Fields<'_>,
    model: &Model,
    offered: &[Resolution],
    shape: Shape,
    note: &str,
) -> Option<Size> {
    let has = ["width", "height", "resolution"].map(|name| fields.has(name));
    let side = 1..=u64::from(u32::MAX);
    let width = fields.integer("width", side.clone());
    let height = fields.integer("height", side);
    let resolution = fields.text("resolution");
    match has {
        [true, _, true] | [_, true, true] => {
            let message = "'resolution' cannot be used with 'width' and 'height'.";
            fields.refuse(Fault::incompatible(&["resolution", "width", "height"], message));
            None
        }
        [true, true, false] => pair(fields, model, offered, shape, (width?, height?), note),
        [false, false, true] => {
            let wanted = resolution?;
            match offered.iter().find(|one| one.to_string() == wanted) {
                Some(found) => shaped(fields, model, *found, shape),
                None => {
                    refuse_resolution(fields, model, offered, wanted, note);
                    None
                }
            }
        }
        [false, false, false] if matches!(shape, Shape::Image(_)) => {
            shaped(fields, model, default_resolution(model, offered)?, shape)
        }
        [false, false, false] => {
            let message = "Missing dimension parameters. Either inputs.frameImages, width and \
                           height, or resolution must be provided.";
            let names = ["inputs.frameImages", "width", "height", "resolution"];
            fields.refuse(missing_dimensions(&names, message).kind("integer|array|string"));
            None
        }
        [width, ..] => {
            let lone = if width { "height" } else { "width" };
            let message =
                "Missing dimension parameters. 'width' and 'height' must be used together.";
            fields.refuse(missing_dimensions(&[lone], message).kind("integer"));
            None
        }
    }
}

/// The documented code (docs, errors).
fn missing_dimensions(names: &[&str], message: &str) -> Fault {
    let fault = Fault::new("missingDimensionParameters", message);
    names.iter().fold(fault, |fault, name| fault.of(name))
}

fn pair(
    fields: &mut Fields<'_>,
    model: &Model,
    offered: &[Resolution],
    shape: Shape,
    (width, height): (u64, u64),
    note: &str,
) -> Option<Size> {
    let sizes: Vec<Size> = offered
        .iter()
        .flat_map(|one| model.ratios(*one).map(|aspect| (*one, aspect)))
        .filter(|(_, aspect)| !matches!(shape, Shape::Draft(inherited) if inherited != *aspect))
        .filter_map(|(resolution, aspect)| {
            let pixels = model.pixels(resolution, aspect)?;
            Some(Size { resolution, aspect, pixels })
        })
        .collect();
    let found = sizes
        .iter()
        .find(|size| (u64::from(size.pixels.0), u64::from(size.pixels.1)) == (width, height));
    if found.is_none() {
        // The message and its code were seen live, in third parties' notes.
        let message =
            format!("Unsupported width/height combination for this model architecture. {note}");
        let pairs = sizes.iter().map(|size| format!("{}x{}", size.pixels.0, size.pixels.1));
        let fault = Fault::new("unsupportedParameter", message.trim_end());
        fields.refuse(fault.of("width").of("height").kind("integer").allowing(pairs));
    }
    found.copied()
}

fn shaped(
    fields: &mut Fields<'_>,
    model: &Model,
    resolution: Resolution,
    shape: Shape,
) -> Option<Size> {
    let wanted = match shape {
        Shape::Text | Shape::Image(None) => AspectRatio::WIDESCREEN.as_f64(),
        Shape::Image(Some(ratio)) => ratio,
        Shape::Draft(aspect) => aspect.as_f64(),
    };
    let distance = |aspect: &AspectRatio| (aspect.as_f64() / wanted).ln().abs();
    let aspect = model.ratios(resolution).min_by(|a, b| distance(a).total_cmp(&distance(b)))?;
    let pixels = model.pixels(resolution, aspect);
    if pixels.is_none() {
        let why = "The sandbox knows no pixels for it: its catalog entry leaves them open.";
        fields.refuse(Fault::unsupported("resolution", why));
    }
    Some(Size { resolution, aspect, pixels: pixels? })
}

fn refuse_resolution(
    fields: &mut Fields<'_>,
    model: &Model,
    offered: &[Resolution],
    wanted: &str,
    note: &str,
) {
    let words: Vec<String> = offered.iter().map(ToString::to_string).collect();
    let unverified = wanted
        .parse()
        .ok()
        .and_then(|resolution| model.unverified.get(&resolution))
        .map(|why| format!("The sandbox does not offer it, since {why}."))
        .unwrap_or_default();
    let rule = format!("It must be {}. {note}{unverified}", or(&words));
    fields.refuse(Fault::invalid("resolution", rule.trim_end()).kind("string").allowing(words));
}

/// The resolution of a clip that begins with an image and says nothing else: 720p where there is
/// one, as was seen for the 2.x models; undocumented for the others.
fn default_resolution(model: &Model, offered: &[Resolution]) -> Option<Resolution> {
    let named = |name: &str| offered.iter().find(|one| one.to_string() == name);
    named("720p")
        .or_else(|| offered.iter().find(|one| **one == model.default_resolution))
        .or(offered.first())
        .copied()
}
