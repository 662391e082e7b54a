//! Reading clips and images: container facts without decoding a frame, and pictures out of a finished clip
//! or an image file.

pub mod decode;
pub mod film;
mod h264;
mod in_order;
pub mod mp4;
pub mod photo;
pub mod picture;
pub mod poster;
mod scale;
pub mod sheet;
pub mod still;
pub mod webm;
