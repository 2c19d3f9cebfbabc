//! A new key in the place of an old one.

use serde::Deserialize;

use super::{KeyLife, LifeError, Moment, Span, change::expect_unrevoked, edit::Unowned, written};
use crate::{
    api_key::{IssueRequest, Issued, Record, Rotation, issue, store_key},
    host::Host,
};

/// How a key is replaced.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RotateRequest {
    /// How long the old key stays good beside the new one; where left out it ends at once.
    #[serde(default)]
    pub overlap: Span,
    /// When the new key is no longer good. Where left out it lives for as long as the old one was to live, or until it is
    /// revoked.
    pub expires: Option<Moment>,
}

impl KeyLife {
    /// Makes a new key with the rights of an old one, which is good until the overlap is over.
    ///
    /// The record of the new key is written first; whoever then writes the old one has won. Who has not takes the new
    /// record back, of which nobody has seen the secret. A key can be rotated again while it is good if the one that
    /// replaced it was revoked, or is missing: so a rotation that broke off, or whose answer was lost, is mended.
    ///
    /// # Errors
    /// [`LifeError::State`] for a key that is not good now or was replaced already, and those of a change.
    pub async fn rotate<H: Host>(&self, host: &H, id: &str, request: &RotateRequest) -> Result<Issued, LifeError> {
        let now = host.now().seconds();
        let old = self.show_latest(host, id).await?;
        let abandoned = self.abandoned_successor(host, &old).await?;
        expect_rotatable(&old, now, abandoned.as_deref())?;
        let mut issued = issue(&self.form, host, heir(&old, now, request))?;
        issued.record.rotation =
            Some(Rotation { replaces: Some(id.to_owned()), replaced_by: None, overlap_until: None });
        self.store_new(host, &issued.id, &issued.record).await?;

        let end = now.saturating_add(i64::from(request.overlap.0));
        let handed_over = self
            .edit(host, id, Unowned::Refused, |record| {
                // Where an answer of the store was lost, this very change may stand there already.
                if record.rotation.as_ref().is_some_and(|rotation| rotation.replaced_by.as_ref() == Some(&issued.id)) {
                    return Ok(());
                }
                expect_rotatable(record, now, abandoned.as_deref())?;
                let rotation = record.rotation.get_or_insert_default();
                rotation.replaced_by = Some(issued.id.clone());
                rotation.overlap_until = Some(end);
                Ok(())
            })
            .await;
        let Err(error) = handed_over else { return Ok(issued) };
        // Nobody can tell what a store did that failed: what stands there now says it.
        if matches!(error, LifeError::Store(_))
            && let Ok(record) = self.show_latest(host, id).await
            && record.rotation.is_some_and(|rotation| rotation.replaced_by.as_ref() == Some(&issued.id))
        {
            return Ok(issued);
        }
        if let Ok(json) = written(&issued.record) {
            let _ = host.swap(&store_key(&issued.id), Some(json.as_bytes()), None).await;
        }
        Err(error)
    }

    /// The id of the key that replaced this one, where it can never be used.
    async fn abandoned_successor<H: Host>(&self, host: &H, old: &Record) -> Result<Option<String>, LifeError> {
        let Some(successor) = old.rotation.as_ref().and_then(|rotation| rotation.replaced_by.clone()) else {
            return Ok(None);
        };
        match self.show_latest(host, &successor).await {
            Ok(record) if record.revocation.is_none() => Ok(None),
            Ok(_) | Err(LifeError::NotFound) => Ok(Some(successor)),
            Err(error) => Err(error),
        }
    }
}

/// A key that is good now, and has no heir that is.
fn expect_rotatable(record: &Record, now: i64, abandoned: Option<&str>) -> Result<(), LifeError> {
    expect_unrevoked(record)?;
    let state = |words: &str| Err(LifeError::State(words.to_owned()));
    if record.disabled {
        return state("the key is disabled: enable it first, or revoke it");
    }
    if record.expires.is_some_and(|end| now >= end) {
        return state("the key has expired: issue a new one");
    }
    let rotation = record.rotation.as_ref();
    if rotation.is_some_and(|rotation| rotation.is_over(now)) {
        return state("the key was replaced, and its overlap is over: issue a new one");
    }
    match rotation.and_then(|rotation| rotation.replaced_by.as_deref()) {
        Some(successor) if Some(successor) != abandoned => {
            Err(LifeError::State(format!("the key was replaced already, by {successor}")))
        }
        _ => Ok(()),
    }
}

/// What the new key inherits.
fn heir(old: &Record, now: i64, request: &RotateRequest) -> IssueRequest {
    let same_life = || {
        let start = old.not_before.unwrap_or(old.created);
        Some(now.saturating_add(old.expires?.saturating_sub(start)))
    };
    IssueRequest {
        organization: old.organization.clone(),
        owner: old.owner.clone(),
        revoker: old.revoker.clone(),
        name: old.name.clone(),
        scopes: old.scopes.clone(),
        not_before: None,
        expires: request.expires.map(|moment| moment.from(now)).or_else(same_life),
        allowed_cidrs: old.allowed_cidrs.clone(),
        rate_limit_class: old.rate_limit_class.clone(),
        publishable: old.publishable,
        metadata: old.metadata.clone(),
    }
}
