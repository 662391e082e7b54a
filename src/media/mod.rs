//! Reading clips: container facts without decoding a frame, and pictures out of a finished clip.

pub mod decode;
mod h264;
pub mod mp4;
pub mod picture;
pub mod poster;
mod scale;
