//! Quotas as they are written, what was given on top of them today, and what of them is used up.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use stairgate_policy::household::{Days, Extra, Quota, UsedUp};

use super::convert::{ids, tags};
use super::values::{DayNames, Named, TagId};

/// How long something may be used a day.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct QuotaDocument {
    /// The category or service; everything together if it is left out.
    of: Option<TagId>,
    /// Every day if they are left out.
    days: Option<DayNames>,
    minutes: u16,
}

/// Minutes on top of today's quotas.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ExtraDocument {
    of: Option<TagId>,
    minutes: u16,
    until: Timestamp,
}

/// What may not be used any more today.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct UsedUpDocument {
    everything: bool,
    of: Vec<TagId>,
    until: Timestamp,
}

impl QuotaDocument {
    pub(super) fn into_quota(self) -> Quota {
        let days = self.days.map_or(Days::DAILY, |DayNames(days)| days);
        Quota { what: self.of.map(|TagId(Named(tag))| tag), days, minutes: self.minutes }
    }
}

impl From<&Quota> for QuotaDocument {
    fn from(quota: &Quota) -> Self {
        let of = quota.what.map(|tag| TagId(Named(tag)));
        Self { of, days: Some(DayNames(quota.days)), minutes: quota.minutes }
    }
}

impl ExtraDocument {
    pub(super) fn into_extra(self) -> Extra {
        Extra { what: self.of.map(|TagId(Named(tag))| tag), minutes: self.minutes, until: self.until }
    }
}

impl From<&Extra> for ExtraDocument {
    fn from(extra: &Extra) -> Self {
        Self { of: extra.what.map(|tag| TagId(Named(tag))), minutes: extra.minutes, until: extra.until }
    }
}

impl UsedUpDocument {
    pub(super) fn into_used_up(self) -> UsedUp {
        UsedUp { everything: self.everything, tags: tags(self.of), until: self.until }
    }
}

impl From<UsedUp> for UsedUpDocument {
    fn from(used_up: UsedUp) -> Self {
        Self { everything: used_up.everything, of: ids(used_up.tags), until: used_up.until }
    }
}
