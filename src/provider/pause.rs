//! For how long a reply asks to be left alone. Sources: RFC 9110, Retry-After and Date; the IETF's drafts of the
//! RateLimit fields, 03 to 10; the `X-RateLimit` fields of services in the field, which have no standard.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::wire::{HttpResponse, RECEIVED};

/// The longest pause that is kept: nobody may shut a service off for longer, since results have an end.
const MAX_PAUSE_MS: u64 = 3_600_000;
/// A larger number is a moment and no time: seconds since 1970, or milliseconds.
const EPOCH_S: f64 = 1e9;
const EPOCH_MS: f64 = 1e12;
/// Limits by the kind of what they count; the longest pause of them counts.
const COUNTED: [&str; 3] = ["", "-requests", "-tokens"];

/// How long `response` asks to wait, in milliseconds; none where it says nothing that can be understood.
pub(super) fn asked_ms(response: &HttpResponse) -> Option<u64> {
    let told = |name| response.header(name).and_then(moment);
    let now = told("date").or_else(|| told(RECEIVED)).unwrap_or(UNIX_EPOCH);
    let ms = ["retry-after-ms", "x-ms-retry-after-ms"]
        .iter()
        .find_map(|name| response.header(name)?.trim().parse::<f64>().ok())
        .or_else(|| Some(seconds(response.header("retry-after")?, now)? * 1000.0))
        .or_else(|| Some(limit_resets_s(response, now)? * 1000.0))?;
    // A moment that has passed asks for nothing.
    (ms > 0.0).then(|| (ms.ceil() as u64).min(MAX_PAUSE_MS))
}

/// When a limit is free again. The fields come with every reply, so they count only where it was passed.
fn limit_resets_s(response: &HttpResponse, now: SystemTime) -> Option<f64> {
    if response.status != 429 {
        return None;
    }
    let draft = response.header("ratelimit").and_then(draft_resets_s);
    let named = ["ratelimit-reset", "x-ratelimit-reset", "x-rate-limit-reset"]
        .iter()
        .flat_map(|name| COUNTED.iter().map(move |kind| format!("{name}{kind}")));
    let after = std::iter::once("x-ratelimit-reset-after".to_owned());
    let named = named.chain(after).filter_map(|name| seconds(response.header(&name)?, now));
    draft.into_iter().chain(named).reduce(f64::max)
}

/// The reset of `limit=100, remaining=0, reset=50` (to draft 07) and of `"default";r=0;t=50` (since).
fn draft_resets_s(value: &str) -> Option<f64> {
    let parts = value.split([',', ';']).filter_map(|part| part.trim().split_once('='));
    let resets = parts.filter(|(name, _)| matches!(*name, "reset" | "t"));
    resets.filter_map(|(_, seconds)| seconds.trim().parse().ok()).reduce(f64::max)
}

/// The seconds of a value in any of its forms: a number, a moment as a date or since 1970, or `6m0.5s`.
fn seconds(value: &str, now: SystemTime) -> Option<f64> {
    let value = value.trim();
    let until =
        |moment: SystemTime| moment.duration_since(now).map_or(0.0, |left| left.as_secs_f64());
    let since_1970 = |seconds: f64| {
        // Without a date of the reply nobody knows how far off that is.
        let at = UNIX_EPOCH.checked_add(Duration::try_from_secs_f64(seconds).ok()?)?;
        (now > UNIX_EPOCH).then(|| until(at))
    };
    match value.parse::<f64>() {
        Ok(number) if number >= EPOCH_MS => since_1970(number / 1000.0),
        Ok(number) if number >= EPOCH_S => since_1970(number),
        Ok(number) => Some(number).filter(|number| !number.is_nan()),
        Err(_) if let Some(at) = moment(value) => (now > UNIX_EPOCH).then(|| until(at)),
        Err(_) => value.parse::<jiff::SignedDuration>().ok().map(|time| time.as_secs_f64()),
    }
}

/// A date in one of the three forms of HTTP, or in that of RFC 3339.
fn moment(value: &str) -> Option<SystemTime> {
    let http = httpdate::parse_http_date(value.trim()).ok();
    http.or_else(|| value.trim().parse::<jiff::Timestamp>().ok().map(SystemTime::from))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The second is that of the date below.
    const NOON_S: u64 = 1_795_867_200;

    #[track_caller]
    fn asks(status: u16, headers: &[(&str, &str)], expected_ms: Option<u64>) {
        let date = ("date", "Sat, 28 Nov 2026 12:00:00 GMT");
        let headers = headers.iter().chain([&date]);
        let headers = headers.map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let response = HttpResponse { status, headers: headers.collect(), body: Vec::new() };
        assert_eq!(asked_ms(&response), expected_ms, "{response:?}");
    }

    #[test]
    fn retry_after_is_read_in_every_form() {
        for value in [
            "90",
            " 90 ",
            "90.0",
            // The three forms of a date, RFC 9110.
            "Sat, 28 Nov 2026 12:01:30 GMT",
            "Saturday, 28-Nov-26 12:01:30 GMT",
            "Sat Nov 28 12:01:30 2026",
            // What services write besides.
            "2026-11-28T12:01:30Z",
            "1m30s",
            "1795867290",
            "1795867290000",
        ] {
            asks(503, &[("retry-after", value)], Some(90_000));
        }
        asks(429, &[("retry-after-ms", "1500")], Some(1_500));
        asks(429, &[("retry-after", "2"), ("retry-after-ms", "1500")], Some(1_500));
    }

    #[test]
    fn limits_that_were_passed_say_when_they_are_free_again() {
        let reset = (NOON_S + 90).to_string();
        for header in [
            ("ratelimit-reset", "90"),
            ("ratelimit", "limit=100, remaining=0, reset=90"),
            ("ratelimit", "\"default\";r=0;t=90"),
            ("x-ratelimit-reset", &reset),
            ("x-rate-limit-reset", "90"),
            ("x-ratelimit-reset-after", "90.0"),
            ("x-ratelimit-reset-requests", "1m30s"),
        ] {
            asks(429, &[header], Some(90_000));
            asks(503, &[header], None);
        }
        // What the standard has goes before, and of several limits the last one free.
        asks(429, &[("ratelimit-reset", "90"), ("retry-after", "5")], Some(5_000));
        asks(429, &[("ratelimit", "\"a\";r=0;t=5, \"b\";r=0;t=90")], Some(90_000));
    }

    #[test]
    fn what_says_nothing_asks_for_nothing_and_nobody_is_shut_off() {
        for value in
            ["", "soon", "NaN", "1e300", "-5", "0", "Sat, 28 Nov 2026 11:00:00 GMT", "1795867100"]
        {
            asks(429, &[("retry-after", value)], None);
        }
        for value in ["86400", "Fri, 31 Dec 9999 23:59:59 GMT", "99999999999999999999"] {
            asks(429, &[("retry-after", value)], Some(MAX_PAUSE_MS));
        }
        // A moment without a date to hold it against.
        let date =
            |name: &str, time: &str| (name.to_owned(), format!("Sat, 28 Nov 2026 {time} GMT"));
        let mut headers = vec![date("retry-after", "12:01:30")];
        let asked = |headers: &Vec<(String, String)>| {
            asked_ms(&HttpResponse { status: 429, headers: headers.clone(), body: Vec::new() })
        };
        assert_eq!(asked(&headers), None);
        headers.push(date(RECEIVED, "12:01:00"));
        assert_eq!(asked(&headers), Some(30_000));
    }
}
