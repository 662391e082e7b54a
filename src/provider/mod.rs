//! The providers' protocols: a request becomes bytes, bytes become an outcome.
//!
//! Must never contain async, an HTTP client, retries, or the reading of a clock.

pub mod wire;
