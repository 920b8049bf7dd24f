//! Codes that are kept: as Argon2id hashes, in the store for as long as the code may be used.

use argon2::{Algorithm, Argon2, Params, PasswordHash, PasswordHasher, PasswordVerifier, Version};
use gatepost_words::secret::Secret;

/// The hash to keep of a code's symbols, over the sixteen bytes of `salt`, as a PHC string.
pub(super) fn hash(symbols: &Secret, salt: &[u8; 16]) -> Option<String> {
    let hash = argon2()
        .hash_password_with_salt(symbols.expose(), salt)
        .ok()?;
    Some(hash.to_string())
}

/// Whether a code's symbols are those of a kept hash.
pub(super) fn is_of(symbols: &Secret, hash: &str) -> bool {
    PasswordHash::new(hash)
        .is_ok_and(|hash| argon2().verify_password(symbols.expose(), &hash).is_ok())
}

/// Whether to compare a kept hash costs more than one of ours: it names its own cost, in a copy that somebody wrote
/// by hand four gibibytes and days of work. What is no such hash is compared with nothing.
pub(crate) fn costs_more(hash: &str) -> bool {
    let ours = Params::default();
    PasswordHash::new(hash)
        .ok()
        .and_then(|hash| Params::try_from(&hash).ok())
        .is_some_and(|params| {
            params.m_cost() > ours.m_cost()
                || params.t_cost() > ours.t_cost()
                || params.p_cost() > ours.p_cost()
        })
}

/// OWASP's second recommended setting, 19 MiB and two passes: against a stolen store a
/// code has the 49.5 bits of its unknown symbols, and the helper has 256 MiB.
fn argon2() -> Argon2<'static> {
    Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::default())
}
