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
use crate::domain::catalog::{FrameRule, Model};

/// A frame image as the journal keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Frame {
    /// A web address, or the UUID of stored media: taken on trust and never looked at.
    Named(String),
    /// An image that was sent as data.
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
    pub(super) fn read(fields: &mut Fields<'_>, model: &Model) -> Self {
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
            match inputs.frames(list, rule) {
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
    fn frames(&mut self, list: &Value, rule: &FrameRule) -> Result<Value, Fault> {
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
            let frame = frame_image(image, rule)?;
            match item {
                Value::Object(object) => {
                    let mut object: Map<String, Value> =
                        object.iter().filter(|(key, _)| *key != "image").map(owned).collect();
                    object.insert("image".into(), json!(frame.name()));
                    echo.push(Value::Object(object));
                }
                _ => echo.push(json!(frame.name())),
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
        if self.first.is_none() {
            // The maker has no such mode; Runware's docs don't say.
            return Err(Fault::invalid(PATH, "A last frame needs a first frame beside it."));
        }
        Ok(Value::Array(echo))
    }
}

fn frame_image(text: &str, rule: &FrameRule) -> Result<Frame, Fault> {
    if (text.len() == 36 && Uuid::try_parse(text).is_ok()) || is_web_address(text) {
        return Ok(Frame::Named(text.to_owned()));
    }
    let bytes = decoded(text, rule)?;
    let (width_px, height_px) = measured(&bytes, rule)?;
    Ok(Frame::Image { sha256: derive::sha256(&bytes), width_px, height_px })
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

/// The file within a data URI or raw Base64.
fn decoded(text: &str, rule: &FrameRule) -> Result<Vec<u8>, Fault> {
    let wrong = |what: &str| Err(Fault::invalid(PATH, what));
    let encoded = match text.strip_prefix("data:") {
        None => text,
        Some(uri) => {
            let kinds = ["image/png", "image/jpeg", "image/jpg", "image/webp"];
            match uri.split_once(";base64,") {
                Some((kind, encoded)) if kinds.contains(&kind) => encoded,
                _ => return wrong("A data URI must be a Base64 image of type PNG, JPEG or WEBP."),
            }
        }
    };
    if !rule.files {
        return wrong("This model takes an image by its address only.");
    }
    if encoded.len() as u64 / 4 > rule.max_bytes / 3 + 1 {
        return wrong(&format!("An image must have at most {} bytes.", rule.max_bytes));
    }
    match STANDARD.decode(encoded) {
        Ok(bytes) if !bytes.is_empty() && bytes.len() as u64 <= rule.max_bytes => Ok(bytes),
        Ok(bytes) if !bytes.is_empty() => {
            wrong(&format!("An image must have at most {} bytes.", rule.max_bytes))
        }
        _ => wrong("An image must be a UUID, an URL, a data URI or Base64."),
    }
}

/// Width and height, as the file's own header says.
fn measured(bytes: &[u8], rule: &FrameRule) -> Result<(u32, u32), Fault> {
    let wrong = |what: String| Err(Fault::invalid(PATH, what));
    let known = matches!(
        imagesize::image_type(bytes),
        Ok(ImageType::Png | ImageType::Jpeg | ImageType::Webp)
    );
    let size = imagesize::blob_size(bytes).ok().filter(|_| known);
    let Some(size) = size else {
        return wrong("The data is no PNG, JPEG or WEBP image.".to_owned());
    };
    let sides = rule.min_px as usize..=rule.max_px as usize;
    if !sides.contains(&size.width) || !sides.contains(&size.height) {
        return wrong(format!(
            "The image is {}x{}; each side must have {} to {} pixels.",
            size.width, size.height, rule.min_px, rule.max_px
        ));
    }
    let ratio = size.width as f64 / size.height as f64;
    if !(rule.min_ratio..=rule.max_ratio).contains(&ratio) {
        return wrong(format!(
            "The image is {}x{}; width over height must lie between {} and {}.",
            size.width, size.height, rule.min_ratio, rule.max_ratio
        ));
    }
    Ok((size.width as u32, size.height as u32))
}
