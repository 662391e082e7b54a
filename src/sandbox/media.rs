//! Stored media: `mediaStorage`, and `imageUpload`, which it replaces (docs, media storage; image upload).
//!
//! The documents show a data URI, so that is what is taken; an address is refused, since the sandbox
//! fetches nothing. They give no size: the bounds are ours.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::batch::{Batch, Context, task_uuid};
use super::derive;
use super::fault::Fault;
use super::fields::{Fields, is_web_address};
use super::frames::{Frame, decoded, image_of};
use super::record::Record;
use super::remote::Sandbox;

/// The largest file, in bytes: what Runware takes as a frame (docs of October 2025).
const MAX_BYTES: u64 = 10 << 20;
/// The most files; the one that was used least lately makes room.
const MAX_FILES: usize = 100;
/// "Removed 30 days after last use" (docs, image upload).
const KEPT: SignedDuration = SignedDuration::from_hours(30 * 24);

/// What is stored, by its UUID. The bytes are the server's to keep.
#[derive(Debug, Default)]
pub(super) struct Media(BTreeMap<Uuid, Stored>);

/// One file.
#[derive(Clone, Debug)]
pub(super) struct Stored {
    /// `png`, `jpeg` or `webp`.
    pub(super) kind: String,
    /// Hash and size.
    pub(super) frame: Frame,
    used_at: Timestamp,
}

impl Media {
    pub(super) fn get(&self, media: Uuid) -> Option<&Stored> {
        self.0.get(&media)
    }

    pub(super) fn put(&mut self, media: Uuid, kind: String, frame: Frame, used_at: Timestamp) {
        self.0.insert(media, Stored { kind, frame, used_at });
        if self.0.len() > MAX_FILES {
            let oldest = self.0.iter().min_by_key(|(_, stored)| stored.used_at);
            if let Some(media) = oldest.map(|(media, _)| *media) {
                self.0.remove(&media);
            }
        }
    }

    pub(super) fn remove(&mut self, media: Uuid) {
        self.0.remove(&media);
    }

    /// Notes that the accepted `request` uses some of it.
    pub(super) fn used_by(&mut self, request: &Value, at: Timestamp) {
        let frames = request.pointer("/inputs/frameImages").and_then(Value::as_array);
        for frame in frames.into_iter().flatten() {
            let name = frame.get("image").unwrap_or(frame).as_str();
            let media = name.and_then(|name| Uuid::try_parse(name).ok());
            if let Some(stored) = media.and_then(|media| self.0.get_mut(&media)) {
                stored.used_at = stored.used_at.max(at);
            }
        }
    }

    pub(super) fn forget_before(&mut self, now: Timestamp) {
        self.0.retain(|_, stored| now.duration_since(stored.used_at) <= KEPT);
    }

    /// The records that lead to the present state.
    pub(super) fn records(&self) -> impl Iterator<Item = Record> {
        self.0.iter().map(|(media, stored)| Record::Stored {
            media: *media,
            at: stored.used_at,
            kind: stored.kind.clone(),
            frame: stored.frame.clone(),
            content: Vec::new(),
        })
    }
}

impl Sandbox {
    /// Keeps an image (docs, image upload; deprecated there, and still in the SDKs).
    pub(super) fn upload_image(
        &mut self,
        task: &Map<String, Value>,
        context: &Context<'_>,
        batch: &mut Batch,
    ) -> Result<(), Vec<Fault>> {
        let id = task_uuid(task).map_err(|fault| vec![fault])?;
        let mut fields = Fields::new(task, "");
        fields.skip(&["taskType", "taskUUID"]);
        let (media, url) = self.take(&mut fields, "image", id, context, batch)?;
        batch.data.push(json!({
            "taskType": "imageUpload", "taskUUID": id, "imageUUID": media, "imageURL": url,
        }));
        Ok(())
    }

    /// Keeps a file, or removes one (docs, media storage).
    pub(super) fn media_storage(
        &mut self,
        task: &Map<String, Value>,
        context: &Context<'_>,
        batch: &mut Batch,
    ) -> Result<(), Vec<Fault>> {
        let id = task_uuid(task).map_err(|fault| vec![fault])?;
        let mut fields = Fields::new(task, "");
        fields.skip(&["taskType", "taskUUID"]);
        if !fields.has("operation") {
            fields.refuse(Fault::missing("operation").allowing(["upload", "delete"]));
        }
        let item = match fields.one_of("operation", &["upload", "delete"]) {
            Some("upload") => {
                let (media, url) = self.take(&mut fields, "media", id, context, batch)?;
                json!({ "operation": "upload", "mediaUUID": media, "mediaURL": url })
            }
            Some(_) => {
                let media = self.delete(&mut fields, batch)?;
                json!({ "operation": "delete", "mediaUUID": media })
            }
            None => {
                fields.skip(&["media"]);
                return Err(fields.into_faults());
            }
        };
        let mut item = item;
        item["taskType"] = json!("mediaStorage");
        item["taskUUID"] = json!(id);
        batch.data.push(item);
        Ok(())
    }

    /// Keeps what the field `name` holds. Returns its UUID and its address.
    fn take(
        &mut self,
        fields: &mut Fields<'_>,
        name: &'static str,
        task: Uuid,
        context: &Context<'_>,
        batch: &mut Batch,
    ) -> Result<(Uuid, String), Vec<Fault>> {
        if !fields.has(name) {
            fields.refuse(Fault::missing(name).kind("string"));
        }
        let text = fields.text(name);
        let image = text.and_then(|text| match image(text) {
            Ok(image) => Some(image),
            Err(rule) => {
                fields.refuse(Fault::invalid(name, rule).kind("string"));
                None
            }
        });
        let faults = fields.take_faults();
        let Some((kind, frame, content)) = image.filter(|_| faults.is_empty()) else {
            return Err(faults);
        };
        let media = derive::media(task);
        self.media.put(media, kind.to_owned(), frame.clone(), context.now);
        let (at, kind) = (context.now, kind.to_owned());
        let url = format!("{}/files/{media}.{kind}", context.origin.trim_end_matches('/'));
        batch.records.push(Record::Stored { media, at, kind, frame, content });
        Ok((media, url))
    }

    fn delete(&mut self, fields: &mut Fields<'_>, batch: &mut Batch) -> Result<Uuid, Vec<Fault>> {
        if !fields.has("media") {
            fields.refuse(Fault::missing("media").kind("string"));
        }
        let media = fields.text("media").and_then(|text| Uuid::try_parse(text).ok());
        let known = media.filter(|media| self.media.get(*media).is_some());
        if fields.has("media") && known.is_none() {
            fields.refuse(not_found("media"));
        }
        let faults = fields.take_faults();
        let Some(media) = known.filter(|_| faults.is_empty()) else { return Err(faults) };
        self.media.remove(media);
        batch.records.push(Record::Removed { media });
        Ok(media)
    }
}

/// That there is no such file; the code is one of the official SDKs'.
pub(super) fn not_found(path: &str) -> Fault {
    Fault::new("mediaNotFound", "There is no stored media with this UUID.").of(path)
}

/// The image of a data URI or of Base64, or the rule that it breaks.
fn image(text: &str) -> Result<(&'static str, Frame, Vec<u8>), String> {
    if is_web_address(text) {
        return Err("This sandbox fetches nothing: send the file as a data URI.".to_owned());
    }
    let content = decoded(text, MAX_BYTES)?;
    let (kind, width_px, height_px) =
        image_of(&content).ok_or("This sandbox keeps PNG, JPEG and WEBP images.")?;
    let frame = Frame::Image { sha256: derive::sha256(&content), width_px, height_px };
    Ok((kind, frame, content))
}
