//! The version of what the store holds.

use serde::{Deserialize, Serialize};

/// The version of the records' format. There is one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(try_from = "u64", into = "u64")]
pub struct FormatVersion;

impl FormatVersion {
    pub(crate) const NUMBER: u64 = 1;
}

impl From<FormatVersion> for u64 {
    fn from(_: FormatVersion) -> Self {
        FormatVersion::NUMBER
    }
}

impl TryFrom<u64> for FormatVersion {
    type Error = &'static str;

    fn try_from(number: u64) -> Result<Self, Self::Error> {
        if number == Self::NUMBER { Ok(Self) } else { Err("not version 1") }
    }
}
