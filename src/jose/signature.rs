//! Which backend checks a signature.

use super::{Algorithm, VerificationKey};
use crate::{
    host::{Host, NativeCheck},
    verdict::{Denial, Reason},
};

/// Who checked a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backend {
    /// The host's own cryptography.
    Native,
    /// The core's.
    Portable,
}

/// Checks a signature: natively where the host has the algorithm, otherwise, or where the host fails, in the core. A
/// failing host thus costs time and changes no verdict, and a lenient one sees nothing to be lenient about: the form of
/// the signature is judged first.
///
/// # Errors
/// [`Reason::SignatureInvalid`], and [`Reason::AlgorithmNotAllowed`] for a key that was not made ready for the
/// algorithm, which the choice of the key rules out.
pub async fn verify_signature<H: Host>(
    host: &H,
    key: &VerificationKey,
    algorithm: Algorithm,
    message: &[u8],
    signature: &[u8],
) -> Result<Backend, Denial> {
    let portable = key.portable(algorithm).ok_or(Reason::AlgorithmNotAllowed)?;
    if !portable.admits(signature) {
        return Err(Reason::SignatureInvalid.into());
    }
    if H::ASKS
        && let Some(public) = key.public()
        && host.has_native(algorithm)
    {
        let check = NativeCheck { algorithm, key: public, message, signature };
        if let Ok(valid) = host.verify_signature(check).await {
            return answer(valid, Backend::Native);
        }
    }
    answer(portable.verify(message, signature), Backend::Portable)
}

fn answer(valid: bool, backend: Backend) -> Result<Backend, Denial> {
    if valid { Ok(backend) } else { Err(Reason::SignatureInvalid.into()) }
}
