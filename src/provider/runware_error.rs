//! Runware's errors: their shape, and what kind of thing each code means.
//!
//! The provider keeps no closed list of codes, so a code is read by its known names first and by its
//! form after that (Runware docs, errors; the classes of its official SDKs).

use serde_json::Value;

use super::reply::tells_of_moderation;
use crate::domain::job::{Charged, FailureClass, JobError};
use crate::domain::text::one_line;

/// The longest message that is kept, in characters.
const MAX_MESSAGE_CHARS: usize = 2000;

/// An error as Runware writes it. Every field may be missing.
#[derive(Clone, Debug, Default)]
pub(super) struct WireError {
    pub(super) code: Option<String>,
    pub(super) message: Option<String>,
    pub(super) parameter: Value,
    pub(super) task_uuid: Option<String>,
    /// What kind of task met it: the one that was submitted, or the question for it.
    task_type: Option<String>,
    /// What the maker's own service said, which nothing documents and clients in the field met.
    details: Value,
    /// `error` where it is the state of the task (Runware docs, task polling).
    status: Option<String>,
}

impl WireError {
    /// Reads what is there: an error of unexpected types is an error all the same.
    pub(super) fn from(value: &Value) -> Self {
        let text = |name: &str| match value.get(name) {
            Some(Value::String(text)) => Some(text.clone()),
            Some(Value::Number(number)) => Some(number.to_string()),
            _ => None,
        };
        Self {
            code: text("code").or_else(|| text("errorCode")),
            message: text("message"),
            parameter: value.get("parameter").cloned().unwrap_or_default(),
            task_uuid: text("taskUUID").map(|uuid| uuid.to_ascii_lowercase()),
            task_type: text("taskType"),
            details: value.get("additionalDetails").cloned().unwrap_or_default(),
            status: text("status"),
        }
    }

    /// The error in the terms of the product.
    pub(super) fn read(&self, charged: Charged) -> JobError {
        let code = one_line(self.code.as_deref().unwrap_or("unknownError"), 100);
        let message = self.message.as_deref().unwrap_or("the provider gave no message");
        let parameters = match &self.parameter {
            Value::String(one) => vec![one_line(one, 100)],
            Value::Array(all) => all
                .iter()
                .filter_map(Value::as_str)
                .take(20)
                .map(|one| one_line(one, 100))
                .collect(),
            _ => Vec::new(),
        };
        JobError {
            class: self.class(),
            message: one_line(message, MAX_MESSAGE_CHARS),
            code,
            parameters,
            charged,
        }
    }

    /// What kind of thing it is, by its code, and where that says little by its words.
    fn class(&self) -> FailureClass {
        let by_code = class(self.code.as_deref().unwrap_or_default());
        let message = self.message.as_deref().unwrap_or_default();
        let is_told =
            || tells_of_moderation(message) || tells_of_moderation(&self.details.to_string());
        match by_code {
            FailureClass::Provider | FailureClass::Parameter if is_told() => {
                FailureClass::Moderated
            }
            class => class,
        }
    }

    /// Whether the error only says that the provider knows nothing of the task, or no longer.
    pub(super) fn is_not_known(&self) -> bool {
        let code = self.code.as_deref().unwrap_or_default();
        self.class() == FailureClass::Lost || code == "taskExpired"
    }

    /// The same, as it stands in the answer for a task of `task_type`, where its result would be.
    pub(super) fn in_place_of_a_result(self, task_type: Option<&str>) -> Self {
        Self {
            task_type: self.task_type.or(task_type.map(str::to_owned)),
            status: Some("error".to_owned()),
            ..self
        }
    }

    /// Whether the error may be about the question for a task and not about the task: of a failure that ends
    /// what was paid for only that is believed which can be nothing else. Both name the task; the documents show
    /// a failed one with `status`, and say of the answers' type now one thing and now the other.
    pub(super) fn may_be_the_questions(&self) -> bool {
        let code = self.code.as_deref().unwrap_or_default();
        let asked = matches!(self.task_type.as_deref(), Some("getResponse" | "getTaskDetails"));
        // No question has content. A model it may name: what has ended there since may have been rendered before.
        let is_content = class(code) == FailureClass::Moderated;
        let rendered = self.task_type.as_deref() == Some("videoInference");
        // Of a task it is the provider's provider that refuses what every question may meet too.
        let failed = self.status.as_deref() == Some("error")
            && (code.starts_with("provider") || !meets_any_request(code));
        !is_content && (asked || !(rendered || failed))
    }

    /// Whether the error only says that the provider has this task already.
    pub(super) fn is_conflict(&self) -> bool {
        self.code.as_deref() == Some("conflictTaskUUID")
    }
}

/// Whether any request may meet `code`: it speaks of the key, the rate, the account or the service, not of a render.
fn meets_any_request(code: &str) -> bool {
    let lower = code.to_ascii_lowercase();
    let parts =
        ["blocked", "expired", "quota", "paymentrequired", "serviceunavailable", "servererror"];
    matches!(class(code), FailureClass::Rate | FailureClass::Key)
        || parts.iter().any(|part| lower.contains(part))
        || ["timeout", "gatewaytimeout", "requesttimeout"].contains(&&*lower)
}

/// What kind of thing `code` means. Of what is blocked and what has expired each thing is named: both are also said
/// of keys, accounts and addresses.
pub(super) fn class(code: &str) -> FailureClass {
    const CONTENT: [&str; 9] = [
        "contentpolicy",
        "sensitivecontent",
        "unsafecontent",
        "nsfw",
        "moderation",
        "invalidprovidercontent",
        "promptblocked",
        "imageblocked",
        "contentblocked",
    ];
    const KEY: [&str; 11] = [
        "apikey",
        "unauthorized",
        "forbidden",
        "permission",
        "authentication",
        "tokenexpired",
        "keyexpired",
        "sessionexpired",
        "ipblocked",
        "accountblocked",
        "keyblocked",
    ];
    let lower = code.to_ascii_lowercase();
    let has = |parts: &[&str]| parts.iter().any(|part| lower.contains(part));
    if has(&CONTENT) {
        FailureClass::Moderated
    } else if has(&["credits", "quota", "balance", "paymentrequired"]) {
        FailureClass::Money
    } else if has(&["ratelimit"]) {
        FailureClass::Rate
    } else if has(&KEY) {
        FailureClass::Key
    } else if has(&["modelnotfound", "unknownmodel", "modeldisabled", "modelunavailable"]) {
        FailureClass::ModelGone
    } else if has(&["noavailableserver", "modelnotready", "serviceunavailable"]) {
        FailureClass::Capacity
    } else if has(&["timeout"]) {
        FailureClass::Timeout
    } else if has(&["taskexpired", "mediaexpired", "draftexpired"]) {
        FailureClass::Expired
    } else if has(&["tasknotfound", "taskfailedornotfound"]) {
        FailureClass::Lost
    } else if is_about_a_parameter(&lower) {
        FailureClass::Parameter
    } else {
        FailureClass::Provider
    }
}

fn is_about_a_parameter(lower: &str) -> bool {
    const FORMS: [&str; 10] = [
        "invalid",
        "missing",
        "conflict",
        "duplicate",
        "unsupported",
        "unknownparameter",
        "value",
        "array",
        "max",
        "incompatible",
    ];
    FORMS.iter().any(|form| lower.starts_with(form)) || lower.starts_with("mismatch")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The codes that the official SDKs know (Runware TypeScript SDK, errors; Python SDK, errors).
    #[test]
    fn known_codes_fall_into_their_classes() {
        for (codes, expected) in [
            (
                "invalidApiKey missingApiKey unauthorized insufficientPermissions tokenExpired ipBlocked accountBlocked",
                FailureClass::Key,
            ),
            ("taskExpired mediaExpired", FailureClass::Expired),
            (
                "insufficientCredits providerInsufficientCredits videoInferenceInsufficientCredits quotaExceeded paymentRequired",
                FailureClass::Money,
            ),
            (
                "rateLimitExceeded inferenceRateLimitExceeded providerRateLimitExceeded",
                FailureClass::Rate,
            ),
            (
                "contentPolicyViolation invalidProviderContent nsfwContentDetected promptBlocked moderationFailed",
                FailureClass::Moderated,
            ),
            (
                "timeoutProvider providerTimeout providerGatewayTimeout timeout",
                FailureClass::Timeout,
            ),
            (
                "providerError providerInternalError inferenceError standardError somethingNew requestBlocked offerExpired",
                FailureClass::Provider,
            ),
            ("modelNotFound unknownModel modelDisabled modelUnavailable", FailureClass::ModelGone),
            (
                "unsupportedParameter missingDimensionParameters conflictTaskUUID valueTooLarge mismatchProviderSettingsProvider",
                FailureClass::Parameter,
            ),
        ] {
            for code in codes.split(' ') {
                assert_eq!(class(code), expected, "{code}");
            }
        }
    }
}
