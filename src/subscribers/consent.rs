//! Consent as data: the columns that say how somebody came to be a reader, so that it can be proved (GDPR Art. 7).

use serde::Serialize;

use super::row::Row;

/// The columns, in the order in which a list gets them.
pub const CONSENT_COLUMNS: [&str; 7] = [
    "subscribed_at",
    "consent_source",
    "consent_time",
    "consent_wording",
    "consent_form",
    "confirmed_at",
    "confirmation",
];

/// What a row says of its reader's consent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Consent {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subscribed_at: Option<String>,
    /// Where it was given: a form, an event, an import.
    #[serde(rename = "consent_source", skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    #[serde(rename = "consent_time", skip_serializing_if = "Option::is_none")]
    pub time: Option<String>,
    /// The words that were agreed to, or their version.
    #[serde(rename = "consent_wording", skip_serializing_if = "Option::is_none")]
    pub wording: Option<String>,
    /// The address of the form.
    #[serde(rename = "consent_form", skip_serializing_if = "Option::is_none")]
    pub form: Option<String>,
    /// When it was confirmed by a mail (double opt-in).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confirmed_at: Option<String>,
    /// How that can be shown: the message's id, the address of the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confirmation: Option<String>,
}

impl Consent {
    /// Reads it from a row.
    pub fn of(row: &Row<'_>) -> Consent {
        let value = |name: &str| row.field(name).filter(|value| !value.is_empty()).map(str::to_owned);
        let [subscribed_at, source, time, wording, form, confirmed_at, confirmation] = CONSENT_COLUMNS.map(value);
        Consent { subscribed_at, source, time, wording, form, confirmed_at, confirmation }
    }

    /// What is known, in the order of the columns.
    pub fn known(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let values = [
            &self.subscribed_at,
            &self.source,
            &self.time,
            &self.wording,
            &self.form,
            &self.confirmed_at,
            &self.confirmation,
        ];
        CONSENT_COLUMNS.into_iter().zip(values).filter_map(|(name, value)| Some((name, value.as_deref()?)))
    }

    /// Whether it can be proved: when and where it was given.
    pub fn is_proof(&self) -> bool {
        self.time.is_some() && (self.source.is_some() || self.form.is_some()) || self.confirmed_at.is_some()
    }
}
