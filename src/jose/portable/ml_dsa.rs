//! ML-DSA with the empty context string (RFC 9964 §5, FIPS 204).

use std::{borrow::Cow, convert::Infallible, marker::PhantomData};

use jwt_compact::{Algorithm as JwtAlgorithm, AlgorithmSignature};
use ml_dsa::{EncodedVerifyingKey, MlDsaParams, Signature, VerifyingKey};

use super::{KeyError, KeyMaterial, SignatureCheck, boxed};

/// One parameter set. It only verifies: no signing key of it can exist.
struct MlDsa<P>(PhantomData<P>);

/// A signature whose length, bounds and hints were checked as it was read (FIPS 204, algorithm 27).
struct MlDsaSignature<P: MlDsaParams>(Signature<P>);

impl<P: MlDsaParams> AlgorithmSignature for MlDsaSignature<P> {
    fn try_from_slice(slice: &[u8]) -> anyhow::Result<Self> {
        match Signature::try_from(slice) {
            Ok(signature) => Ok(Self(signature)),
            Err(_) => Err(anyhow::Error::msg("no ML-DSA signature")),
        }
    }

    fn as_bytes(&self) -> Cow<'_, [u8]> {
        Cow::Owned(self.0.encode().to_vec())
    }
}

impl<P: MlDsaParams> JwtAlgorithm for MlDsa<P> {
    type SigningKey = Infallible;
    type VerifyingKey = VerifyingKey<P>;
    type Signature = MlDsaSignature<P>;

    fn name(&self) -> Cow<'static, str> {
        Cow::Borrowed("ML-DSA")
    }

    fn sign(&self, key: &Infallible, _message: &[u8]) -> Self::Signature {
        match *key {}
    }

    fn verify_signature(&self, signature: &Self::Signature, key: &VerifyingKey<P>, message: &[u8]) -> bool {
        key.verify_with_context(message, &[], &signature.0)
    }
}

/// Every sequence of bytes of the right length is a public key (FIPS 204 §7.2); the matrix that it stands for is made
/// here, once.
pub(super) fn prepare<P>(key: &KeyMaterial) -> Result<Box<dyn SignatureCheck>, KeyError>
where
    P: MlDsaParams + Send + Sync + 'static,
{
    let KeyMaterial::AlgorithmKeyPair { public } = key else {
        return Err(KeyError::OtherFamily);
    };
    let public = EncodedVerifyingKey::<P>::try_from(public.as_slice())
        .map_err(|_| KeyError::Malformed("`pub` of another length than the algorithm's"))?;
    Ok(boxed(MlDsa::<P>(PhantomData), VerifyingKey::decode(&public)))
}
