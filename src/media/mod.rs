//! Reading clips: container facts without decoding a frame.

pub mod mp4;
