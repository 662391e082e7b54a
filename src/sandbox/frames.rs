//! `inputs`: the frame images, and the draft to promote.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use imagesize::ImageType;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::derive;
use super::fault::Fault;
use super::fields::{Fields, is_web_address};
use super::media;
use crate::domain::catalog::{FrameRule, Model};

/// A frame image as the journal keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Frame {
    /// A web address: taken on trust and never looked at.
    Named(String),
    /// An image that was sent as data, with the task or before it.
    Image {
        /// Its content's SHA-256, in hexadecimal.
        sha256: String,
        /// Its width.
        width_px: u32,
        /// Its height.
        height_px: u32,
    },
}

/// What `inputs` holds.
#[derive(Default)]
pub(super) struct Inputs {
    /// The image that the clip begins with.
    pub(super) first: Option<Frame>,
    /// The image that the clip ends with.
    pub(super) last: Option<Frame>,
    /// Whether frame images were given, right or wrong.
    pub(super) has_frames: bool,
    /// The draft to promote.
    pub(super) draft_id: Option<String>,
    /// The object with the images' hashes in the place of their bytes.
    pub(super) echo: Option<Value>,
}

const PATH: &str = "inputs.frameImages";

impl Frame {
    /// Width over height, where it is known.
    pub(super) fn ratio(&self) -> Option<f64> {
        match self {
            Self::Named(_) => None,
            Self::Image { width_px, height_px, .. } => {
                Some(f64::from(*width_px) / f64::from(*height_px))
            }
        }
    }

    /// What tells the image from others: its address, or its content's hash.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Named(name) => name.clone(),
            Self::Image { sha256, .. } => format!("sha256:{sha256}"),
        }
    }
}

impl Inputs {
    /// The `inputs` of a task, whatever is wrong noted in `fields`.
    pub(super) fn read(
        fields: &mut Fields<'_>,
        model: &Model,
        find_media: &dyn Fn(Uuid) -> Option<Frame>,
    ) -> Self {
        let mut inputs = Self::default();
        let Some(object) = fields.object("inputs") else { return inputs };
        let mut inner = Fields::new(object, "inputs.");
        let mut echo = Map::new();
        if model.drafts().is_some()
            && let Some(draft_id) = inner.text("draftId")
        {
            let known = draft_id.chars().take(100).collect::<String>();
            echo.insert("draftId".into(), json!(known));
            inputs.draft_id = Some(known);
        }
        if let Some(rule) = &model.frames
            && let Some(list) = inner.any("frameImages")
        {
            inputs.has_frames = true;
            match inputs.frames(list, rule, find_media) {
                Ok(list) => drop(echo.insert("frameImages".into(), list)),
                Err(fault) => inner.refuse(fault),
            }
        }
        inputs.echo = Some(Value::Object(echo));
        fields.faults.extend(inner.into_faults());
        inputs
    }

    /// Puts every image into its place. "1 image: used as the first frame. 2 images: first and
    /// last frames." (docs, frameImages); those with a place of their own go first.
    fn frames(
        &mut self,
        list: &Value,
        rule: &FrameRule,
        find_media: &dyn Fn(Uuid) -> Option<Frame>,
    ) -> Result<Value, Fault> {
        let most = if rule.last { 2 } else { 1 };
        let list = list.as_array().filter(|list| (1..=most).contains(&list.len()));
        let Some(list) = list else {
            let rule = format!("It must be an array of 1 to {most} images.");
            return Err(Fault::invalid(PATH, rule).kind("array"));
        };
        let mut places: [Option<Frame>; 2] = [None, None];
        let mut unplaced = Vec::new();
        let mut echo = Vec::new();
        for item in list {
            let (image, place) = item_parts(item, rule)?;
            let (frame, name) = frame_image(image, rule, find_media)?;
            match item {
                Value::Object(object) => {
                    let mut object: Map<String, Value> =
                        object.iter().filter(|(key, _)| *key != "image").map(owned).collect();
                    object.insert("image".into(), json!(name));
                    echo.push(Value::Object(object));
                }
                _ => echo.push(json!(name)),
            }
            match place {
                None => unplaced.push(frame),
                Some(place) if places[place].is_none() => places[place] = Some(frame),
                Some(_) => return Err(Fault::invalid(PATH, "Two images have the same frame.")),
            }
        }
        for frame in unplaced {
            let free = if places[0].is_none() { 0 } else { 1 };
            places[free] = Some(frame);
        }
        [self.first, self.last] = places;
        if self.first.is_none() && !rule.last_alone {
            // The maker has no such mode, and the model's page names a first frame beside it.
            return Err(Fault::invalid(PATH, "A last frame needs a first frame beside it."));
        }
        Ok(Value::Array(echo))
    }
}

/// The image that `text` is or names, and how it stands in an echo: without its bytes.
fn frame_image(
    text: &str,
    rule: &FrameRule,
    find_media: &dyn Fn(Uuid) -> Option<Frame>,
) -> Result<(Frame, String), Fault> {
    if is_web_address(text) {
        return Ok((Frame::Named(text.to_owned()), text.to_owned()));
    }
    let wrong = |what: String| Fault::invalid(PATH, what);
    if let Some(media) = Uuid::try_parse(text).ok().filter(|_| text.len() == 36) {
        let frame = find_media(media).ok_or_else(|| media::not_found(PATH))?;
        if let Frame::Image { width_px, height_px, .. } = frame {
            fits(width_px, height_px, rule).map_err(wrong)?;
        }
        return Ok((frame, text.to_owned()));
    }
    if !rule.files {
        return Err(wrong("This model takes an image by its address only.".to_owned()));
    }
    let bytes = decoded(text, rule.max_bytes).map_err(wrong)?;
    let (_, width_px, height_px) = image_of(&bytes)
        .ok_or_else(|| wrong("The data is no PNG, JPEG or WEBP image.".to_owned()))?;
    fits(width_px, height_px, rule).map_err(wrong)?;
    let frame = Frame::Image { sha256: derive::sha256(&bytes), width_px, height_px };
    let name = frame.name();
    Ok((frame, name))
}

fn owned((key, value): (&String, &Value)) -> (String, Value) {
    (key.clone(), value.clone())
}

/// An item's image and its place: 0 is the first frame and 1 the last.
fn item_parts<'a>(item: &'a Value, rule: &FrameRule) -> Result<(&'a str, Option<usize>), Fault> {
    let Some(object) = item.as_object() else {
        let image = item.as_str();
        let rule = "Every item must be an image, or an object with an image and a frame.";
        return Ok((image.ok_or_else(|| Fault::invalid(PATH, rule))?, None));
    };
    if let Some(key) = object.keys().find(|key| !["image", "frame"].contains(&key.as_str())) {
        let why = "An item has an image and a frame.";
        return Err(Fault::unsupported(&format!("{PATH}.{key}"), why));
    }
    let image = object.get("image").ok_or_else(|| Fault::missing("inputs.frameImages.image"))?;
    let image = image.as_str().ok_or_else(|| {
        Fault::invalid("inputs.frameImages.image", "It must be of type string.").kind("string")
    })?;
    let place = match object.get("frame") {
        None => None,
        Some(frame) if *frame == json!("first") || *frame == json!(0) => Some(0),
        Some(frame) if rule.last && (*frame == json!("last") || *frame == json!(-1)) => Some(1),
        Some(_) => {
            let allowed: &[Value] = &[json!("first"), json!(0), json!("last"), json!(-1)];
            let allowed = if rule.last { allowed } else { &allowed[..2] };
            let rule = "It must name a frame that this model can be given.";
            let fault = Fault::invalid("inputs.frameImages.frame", rule);
            return Err(fault.allowing(allowed.iter().cloned()));
        }
    };
    Ok((image, place))
}

/// The file within a data URI or raw Base64, or the rule that it breaks.
pub(super) fn decoded(text: &str, max_bytes: u64) -> Result<Vec<u8>, String> {
    let encoded = match text.strip_prefix("data:") {
        None => text,
        Some(uri) => {
            let kinds = ["image/png", "image/jpeg", "image/jpg", "image/webp"];
            match uri.split_once(";base64,") {
                Some((kind, encoded)) if kinds.contains(&kind) => encoded,
                _ => {
                    let rule = "A data URI must be a Base64 image of type PNG, JPEG or WEBP.";
                    return Err(rule.to_owned());
                }
            }
        }
    };
    let too_large = || Err(format!("An image must have at most {max_bytes} bytes."));
    if encoded.len() as u64 / 4 > max_bytes / 3 + 1 {
        return too_large();
    }
    match STANDARD.decode(encoded) {
        Ok(bytes) if !bytes.is_empty() && bytes.len() as u64 <= max_bytes => Ok(bytes),
        Ok(bytes) if !bytes.is_empty() => too_large(),
        _ => Err("An image must be a UUID, an URL, a data URI or Base64.".to_owned()),
    }
}

/// Kind, width and height of an image, as its own header says.
pub(super) fn image_of(bytes: &[u8]) -> Option<(&'static str, u32, u32)> {
    let kind = match imagesize::image_type(bytes) {
        Ok(ImageType::Png) => "png",
        Ok(ImageType::Jpeg) => "jpeg",
        Ok(ImageType::Webp) => "webp",
        _ => return None,
    };
    let size = imagesize::blob_size(bytes).ok()?;
    Some((kind, size.width.try_into().ok()?, size.height.try_into().ok()?))
}

/// Whether an image of that size can be a frame; the rule that it breaks if not.
fn fits(width_px: u32, height_px: u32, rule: &FrameRule) -> Result<(), String> {
    let sides = rule.min_px..=rule.max_px;
    if !sides.contains(&width_px) || !sides.contains(&height_px) {
        return Err(format!(
            "The image is {width_px}x{height_px}; each side must have {} to {} pixels.",
            rule.min_px, rule.max_px
        ));
    }
    let ratio = f64::from(width_px) / f64::from(height_px);
    if !(rule.min_ratio..=rule.max_ratio).contains(&ratio) {
        return Err(format!(
            "The image is {width_px}x{height_px}; width over height must lie between {} and {}.",
            rule.min_ratio, rule.max_ratio
        ));
    }
    Ok(())
}
