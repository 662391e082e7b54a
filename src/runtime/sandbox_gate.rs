//! Who may speak to the sandbox's port. Everybody on this machine reaches it, and every page in a browser
//! here: neither may order renders, so what a page can't help sending is looked at before anything else.

use std::net::IpAddr;

use hyper::http::uri::Authority;
use hyper::{HeaderMap, Method, Uri};

/// The names that a sandbox goes by.
#[derive(Clone, Debug)]
pub(super) struct Gate {
    /// The address that it listens on.
    pub(super) listens_on: IpAddr,
    /// What the user lets in besides: hosts that clients have fixed, and pages of these.
    pub(super) allowed: Vec<String>,
}

/// A request that is not let in: an HTTP status, and why.
pub(super) type Refusal = (u16, String);

impl Gate {
    /// Lets a request in, or says why not.
    ///
    /// A page whose name is pointed at this machine says its own name as the host; one that asks across
    /// says where it comes from; and neither can send JSON without asking first.
    pub(super) fn pass(
        &self,
        method: &Method,
        uri: &Uri,
        headers: &HeaderMap,
    ) -> Result<(), Refusal> {
        let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
        let host = text("host").unwrap_or_default();
        let named = host.parse::<Authority>().is_ok_and(|host| self.knows(host.host()));
        let is_one = headers.get_all("host").iter().count() == 1;
        if !is_one || !named || uri.host().is_some_and(|host| !self.knows(host)) {
            return Err((
                403,
                format!(
                    "this is a sandbox of Rushes, and not {host:?}; --allow-host lets a name in"
                ),
            ));
        }
        let site = text("sec-fetch-site").unwrap_or("none");
        let origin = text("origin").map(|origin| origin.parse::<Uri>());
        let is_a_page = match &origin {
            Some(origin) => {
                !origin.as_ref().ok().and_then(Uri::host).is_some_and(|host| self.allows(host))
            }
            None => !["none", "same-origin"].contains(&site),
        };
        if is_a_page {
            return Err((
                403,
                "no page in a browser may use the sandbox; --allow-host lets one in".to_owned(),
            ));
        }
        let has_body = text("content-length").is_some_and(|length| length.trim() != "0")
            || headers.contains_key("transfer-encoding");
        let kind = text("content-type").unwrap_or_default().split(';').next().unwrap_or_default();
        if method == Method::POST
            && has_body
            && !kind.trim().eq_ignore_ascii_case("application/json")
        {
            return Err((415, "the body must be application/json".to_owned()));
        }
        Ok(())
    }

    /// Whether `host` is this machine, or a name that the user let in.
    fn knows(&self, host: &str) -> bool {
        let host = host.trim_matches(['[', ']']).trim_end_matches('.');
        let ours = |ip: IpAddr| {
            ip.is_loopback() || ip == self.listens_on || self.listens_on.is_unspecified()
        };
        // No page can have a number of this machine as its name.
        host.eq_ignore_ascii_case("localhost") || host.parse().is_ok_and(ours) || self.allows(host)
    }

    fn allows(&self, host: &str) -> bool {
        self.allowed.iter().any(|allowed| allowed.eq_ignore_ascii_case(host))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(listens_on: &str, allowed: &[&str], uri: &str, headers: &[(&str, &str)]) -> u16 {
        let gate = Gate {
            listens_on: listens_on.parse().expect("an address"),
            allowed: allowed.iter().map(ToString::to_string).collect(),
        };
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            let name = hyper::header::HeaderName::from_bytes(name.as_bytes()).expect("a name");
            map.append(name, value.parse().expect("a value"));
        }
        let uri = uri.parse().expect("an address");
        gate.pass(&Method::POST, &uri, &map).map_or_else(|(status, _)| status, |()| 200)
    }

    #[test]
    fn a_host_is_this_machine_or_was_let_in() {
        let host = |listens_on, host: &str| {
            status(listens_on, &["api.runware.ai"], "/v1", &[("host", host)])
        };
        for name in [
            "127.0.0.1:4711",
            "localhost",
            "LOCALHOST:1",
            "[::1]:80",
            "127.0.0.2",
            "api.runware.ai",
        ] {
            assert_eq!(host("127.0.0.1", name), 200, "{name}");
        }
        for name in [
            "evil.example:4711",
            "127.0.0.1.nip.io",
            "192.0.2.7",
            "localhost.evil.example",
            "",
            "x y",
        ] {
            assert_eq!(host("127.0.0.1", name), 403, "{name}");
        }
        assert_eq!((host("192.0.2.7", "192.0.2.7:80"), host("0.0.0.0", "192.0.2.7")), (200, 200));
        assert_eq!(host("0.0.0.0", "evil.example"), 403);
        assert_eq!(status("127.0.0.1", &[], "/v1", &[]), 403, "none is named");
        let twice = [("host", "localhost"), ("host", "evil.example")];
        assert_eq!(status("127.0.0.1", &[], "/v1", &twice), 403);
        assert_eq!(status("127.0.0.1", &[], "http://evil.example/v1", &twice[..1]), 403);
    }

    #[test]
    fn no_page_is_let_in_unasked() {
        let page = |allowed: &[&str], name, value| {
            status("127.0.0.1", allowed, "/v1", &[("host", "127.0.0.1:4711"), (name, value)])
        };
        for (name, value, expected) in [
            ("origin", "https://evil.example", 403),
            ("origin", "null", 403),
            ("origin", "http://127.0.0.1:8000", 403),
            ("sec-fetch-site", "cross-site", 403),
            ("sec-fetch-site", "same-site", 403),
            ("sec-fetch-site", "none", 200),
            // Node's own fetch sends this one, and is no page.
            ("sec-fetch-mode", "cors", 200),
        ] {
            assert_eq!(page(&[], name, value), expected, "{name}: {value}");
        }
        assert_eq!(page(&["app.example"], "origin", "https://app.example:8443"), 200);
        assert_eq!(page(&["app.example"], "origin", "https://evil.example"), 403);
    }

    #[test]
    fn a_body_is_json() {
        let body = |length: (&str, &str), kind| {
            status(
                "127.0.0.1",
                &[],
                "/v1",
                &[("host", "localhost"), length, ("content-type", kind)],
            )
        };
        let some = ("content-length", "7");
        assert_eq!(body(some, "application/json"), 200);
        assert_eq!(body(some, "Application/JSON; charset=utf-8"), 200);
        for kind in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""] {
            assert_eq!(body(some, kind), 415, "{kind}");
            assert_eq!(body(("transfer-encoding", "chunked"), kind), 415, "{kind}");
        }
        assert_eq!(body(("content-length", "0"), "text/plain"), 200, "RunPod's stop has none");
    }
}
