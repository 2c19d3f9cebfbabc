//! Keys of another form, which were imported as digests (contract §5.1): a policy, and off by default.
//!
//! Such a key has no check and no id of its own. Its id is made of its digest, so that one lookup finds its record, under
//! the same names as all others. Since anybody can make one up, each that is presented costs a read of the store.

use sha2::{Digest, Sha256};

use super::{Environment, ID_LENGTH, KeyForm, PresentedKey, SecretDigest};
use crate::{
    stored::{BASE, SHORTEST_SECRET, letter},
    verdict::{CredentialClass, Denial, Reason},
};

/// The shortest foreign key, in bytes. A plain digest keeps only what nobody can guess.
pub const SHORTEST_FOREIGN_KEY: usize = SHORTEST_SECRET;
/// The longest foreign key, in bytes.
pub const LONGEST_FOREIGN_KEY: usize = 512;
/// The most prefixes of foreign keys.
pub const MOST_FOREIGN_PREFIXES: usize = 16;

/// The foreign keys that are taken, by what they begin with.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ForeignKeys {
    prefixes: Vec<String>,
}

impl ForeignKeys {
    /// Those that begin with one of these.
    ///
    /// # Errors
    /// What is wrong with the prefixes, in words for the author of the policy.
    pub fn new(prefixes: Vec<String>, form: &KeyForm) -> Result<Self, &'static str> {
        if prefixes.is_empty() || prefixes.len() > MOST_FOREIGN_PREFIXES {
            return Err("name what the keys begin with, 16 prefixes at most");
        }
        for prefix in &prefixes {
            if !(3..=64).contains(&prefix.len()) || !prefix.bytes().all(|byte| matches!(byte, b'!'..=b'~')) {
                return Err("a prefix has 3 to 64 visible ASCII characters");
            }
            if prefix.starts_with("eyJ") {
                return Err("a JWT begins like this");
            }
            let own = format!("{}_", form.prefix());
            if prefix.starts_with(&own) || own.starts_with(prefix.as_str()) {
                return Err("keys of the policy's own form begin like this");
            }
        }
        Ok(Self { prefixes })
    }

    /// Whether any are taken.
    #[must_use]
    pub fn are_taken(&self) -> bool {
        !self.prefixes.is_empty()
    }

    /// Whether a credential is meant to be one of them.
    #[must_use]
    pub fn look_like(&self, credential: &str) -> bool {
        self.prefixes.iter().any(|prefix| credential.starts_with(prefix))
    }

    /// A foreign key as it was presented, or what is wrong with it; none for what is meant to be no foreign key.
    pub(super) fn take<'k>(
        &self,
        presented: &'k str,
        environment: Environment,
    ) -> Option<Result<PresentedKey<'k>, Denial>> {
        self.look_like(presented).then(|| Ok(PresentedKey::foreign(Self::id(presented)?, environment, presented)))
    }

    /// The id of a key, where it can be one at all.
    fn id(presented: &str) -> Result<String, Denial> {
        let fits = (SHORTEST_FOREIGN_KEY..=LONGEST_FOREIGN_KEY).contains(&presented.len())
            && presented.bytes().all(|byte| matches!(byte, b'!'..=b'~'));
        if fits {
            return Ok(id_of(&SecretDigest::of(presented)));
        }
        Err(Denial::new(Reason::KeyMalformed).of(CredentialClass::ApiKey))
    }
}

/// The id under which a foreign key of this digest stands: base62 letters of another digest of it, so that what stands in
/// logs and lists gives no part of the first one away.
#[must_use]
pub fn id_of(digest: &SecretDigest) -> String {
    let second = Sha256::new().chain_update("edgeward foreign key id\n").chain_update(digest.bytes()).finalize();
    // 62 does not divide 256, and a little bias does no harm to what is no secret.
    second.iter().take(ID_LENGTH).map(|byte| char::from(letter(byte.checked_rem(BASE).unwrap_or(0)))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(prefix: &str) -> Result<ForeignKeys, &'static str> {
        let form = KeyForm::new("acme", Environment::Live, Vec::new()).expect("a form");
        ForeignKeys::new(vec![prefix.to_owned()], &form)
    }

    #[test]
    fn a_prefix_that_others_have_is_refused() {
        for prefix in ["acme_", "acme_live_", "acm", "acme", "eyJh", "ab", "", "sk live", "sk_é"] {
            assert!(of(prefix).is_err(), "{prefix}");
        }
        for prefix in ["sk_live_", "acmf", "Acme_"] {
            assert!(of(prefix).is_ok(), "{prefix}");
        }
    }

    #[test]
    fn an_id_is_sixteen_letters_and_no_part_of_the_digest() {
        let key = "sk_live_0123456789abcdef";
        let id = ForeignKeys::id(key).expect("an id");
        assert_eq!(id, id_of(&SecretDigest::of(key)));
        assert!(id.len() == 16 && id.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{id}");
        assert_ne!(id, ForeignKeys::id("sk_live_0123456789abcdeg").expect("an id"));
        for text in ["sk_live_short", "sk_live_0123456789 abcdef", &"a".repeat(513)] {
            assert!(ForeignKeys::id(text).is_err());
        }
    }
}
