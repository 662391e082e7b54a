//! From a request's bytes to its tasks: the size, the JSON, the array and the key.

use serde_json::{Map, Value};

use super::fault::Fault;
use crate::provider::wire::HttpRequest;

/// The largest body, in bytes: what the maker of the models takes (ByteDance ModelArk docs);
/// Runware documents none.
pub const MAX_BODY_BYTES: usize = 64 * 1024 * 1024;
/// The most tasks in one array; ours, since Runware takes "as many as you need".
pub const MAX_TASKS_PER_REQUEST: usize = 500;
/// The most commas outside strings, which bounds what the JSON can grow to in memory; ours.
const MAX_COMMAS: usize = 100_000;

/// The tasks of `request`, the authentication taken off, or why there are none.
///
/// `key` is the only key that is accepted; without one, any key that is not empty.
pub(super) fn open(request: &HttpRequest, keys: &[String]) -> Result<Vec<Value>, Fault> {
    if request.body.len() > MAX_BODY_BYTES {
        let message = format!("The request is larger than {MAX_BODY_BYTES} bytes.");
        return Err(Fault::new("valueTooLarge", message).status(413));
    }
    let mut tasks = tasks(&request.body)?;
    let element = match tasks.first().and_then(Value::as_object) {
        Some(first) if first.get("taskType").is_some_and(|kind| kind == "authentication") => {
            let Value::Object(first) = tasks.remove(0) else { return Err(Fault::invalid_key()) };
            Some(first)
        }
        _ => None,
    };
    let given = bearer(request).or_else(|| element.as_ref().and_then(api_key));
    if fits(given, keys) { Ok(tasks) } else { Err(Fault::invalid_key()) }
}

/// Whether `given` is one of `keys`, or any key at all where none is set.
pub(super) fn fits(given: Option<&str>, keys: &[String]) -> bool {
    given.is_some_and(|given| match keys {
        [] => !given.trim().is_empty(),
        keys => keys.iter().any(|key| key == given),
    })
}

/// Whether the JSON of `body` could grow too large in memory.
pub(super) fn is_crowded(body: &[u8]) -> bool {
    commas(body) > MAX_COMMAS
}

/// The array of tasks: "always a JSON array, even for one task" (Runware docs, authentication).
fn tasks(body: &[u8]) -> Result<Vec<Value>, Fault> {
    let too_many = || {
        let message = format!("A request holds at most {MAX_TASKS_PER_REQUEST} tasks.");
        Fault::new("maxTasksExceeded", message)
    };
    if is_crowded(body) {
        return Err(too_many());
    }
    let body: Value = serde_json::from_slice(body).map_err(|error| {
        Fault::new("invalidJSON", format!("The request body is not valid JSON: {error}."))
    })?;
    let Value::Array(tasks) = body else {
        let message = "The request body must be an array of task objects, even for one task.";
        return Err(Fault::new("invalidRequest", message).kind("array"));
    };
    match tasks.len() {
        0 => Err(Fault::new("arrayEmpty", "The request body must hold at least one task object.")),
        count if count > MAX_TASKS_PER_REQUEST => Err(too_many()),
        _ => Ok(tasks),
    }
}

/// How many commas stand outside strings.
fn commas(body: &[u8]) -> usize {
    let (mut commas, mut quoted, mut escaped) = (0, false, false);
    for byte in body {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b',' if !quoted => commas += 1,
            _ => {}
        }
    }
    commas
}

pub(super) fn bearer(request: &HttpRequest) -> Option<&str> {
    let (scheme, key) = request.header("authorization")?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| key.trim())
}

fn api_key(element: &Map<String, Value>) -> Option<&str> {
    element.get("apiKey")?.as_str()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn opened(body: &[u8], bearer: Option<&str>, key: Option<&str>) -> Result<usize, u16> {
        let mut request = HttpRequest::post_json("http://sandbox/v1".into(), &json!(null));
        request.body = body.to_vec();
        if let Some(bearer) = bearer {
            request.headers.push(("authorization".into(), format!("Bearer {bearer}")));
        }
        let keys: Vec<String> = key.map(str::to_owned).into_iter().collect();
        open(&request, &keys).map(|tasks| tasks.len()).map_err(|fault| fault.status)
    }

    #[test]
    fn a_key_comes_by_header_or_as_the_first_task() {
        let one = br#"[{"taskType":"getResponse"}]"#;
        let both = br#"[{"taskType":"authentication","apiKey":"k"},{"taskType":"getResponse"}]"#;
        assert_eq!(opened(one, Some("k"), Some("k")), Ok(1));
        assert_eq!(opened(one, Some("anything"), None), Ok(1));
        assert_eq!(opened(both, None, Some("k")), Ok(1));
        assert_eq!(opened(both, None, Some("other")), Err(401));
        assert_eq!(opened(one, Some("other"), Some("k")), Err(401));
        assert_eq!(opened(one, Some(""), None), Err(401));
        assert_eq!(opened(one, None, None), Err(401));
    }

    #[test]
    fn what_is_no_array_of_tasks_is_refused() {
        for body in [&b"{}"[..], b"[]", b"", b"[{\"taskType\":", b"null", b"\xff\xfe"] {
            assert_eq!(opened(body, Some("k"), None), Err(400), "{body:?}");
        }
        let many = json!(vec![json!({}); MAX_TASKS_PER_REQUEST + 1]).to_string();
        assert_eq!(opened(many.as_bytes(), Some("k"), None), Err(400));
        assert_eq!(opened(&vec![b' '; MAX_BODY_BYTES + 1], Some("k"), None), Err(413));
        let crowded = format!("[[{}0]]", "0,".repeat(MAX_COMMAS + 1));
        assert_eq!(opened(crowded.as_bytes(), Some("k"), None), Err(400));
    }
}
