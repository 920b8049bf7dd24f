//! TLS to a relay: what is trusted, and what to do when the relay's certificate is not.
//!
//! Trust comes from the one PEM file that the configuration names; no built-in list, no system
//! list, no environment variable. TLS 1.2 or newer, name and chain always checked: nothing here can
//! accept less.

use std::fs;
use std::sync::Arc;

use gatepost_words::job::{Outcome, Relay};
use rustls::client::Resumption;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{AlertDescription, CertificateError, ClientConfig, Error, RootCertStore};

use crate::failure::Failure;

/// The largest roots file, in bytes; Debian's whole list is a fifth of it.
const ROOTS_LIMIT: u64 = 1024 * 1024;

/// What a relay must show, ready for one handshake.
pub(crate) struct Trust {
    /// Roots and versions.
    pub(crate) config: Arc<ClientConfig>,
    /// The name that the certificate must carry.
    pub(crate) name: ServerName<'static>,
}

impl Trust {
    /// Reads the roots.
    pub(crate) fn of(relay: &Relay) -> Result<Self, Failure> {
        let name = ServerName::try_from(relay.host.clone()).map_err(|_invalid| {
            Failure::new(
                Outcome::Tls,
                format!("\"{}\" is no name that a certificate can carry", relay.host),
            )
        })?;
        let broken = |why: &dyn std::fmt::Display| {
            Failure::new(Outcome::Tls, format!("TLS cannot start: {why}"))
        };
        let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|why| broken(&why))?
            .with_root_certificates(roots(&relay.roots)?)
            .with_no_client_auth();
        // One handshake in a process's life: nothing to resume.
        config.resumption = Resumption::disabled();
        Ok(Self {
            config: Arc::new(config),
            name,
        })
    }
}

/// The certificates in a PEM file.
fn roots(path: &str) -> Result<RootCertStore, Failure> {
    let unusable = |why: &dyn std::fmt::Display| {
        Failure::new(Outcome::Tls, format!("the roots file {path}: {why}"))
    };
    // A link is fine: the system's list is one.
    let length = fs::metadata(path).map_or(0, |file| file.len());
    if length > ROOTS_LIMIT {
        return Err(unusable(&format!("larger than {ROOTS_LIMIT} bytes")));
    }
    let pem = fs::read(path)
        .map_err(|why| unusable(&why).advise("the user gatepost must be able to read it"))?;
    let mut store = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&pem) {
        let certificate = certificate.map_err(|why| unusable(&format!("{why:?}")))?;
        // A system's list may hold one that this library cannot read; the rest still counts.
        let _unreadable = store.add(certificate);
    }
    if store.is_empty() {
        return Err(unusable(&"no usable certificate in it")
            .advise("put the PEM of the CA that signed the relay's certificate there"));
    }
    Ok(store)
}

/// What a TLS error means for whoever configures the relay.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "rustls may add errors; one that is not named here is shown as it is"
)]
pub(crate) fn explain(error: &Error, relay: &Relay) -> Failure {
    let Relay {
        host, port, roots, ..
    } = relay;
    let failure = |said: String| Failure::new(Outcome::Tls, said);
    let certificate = match error {
        Error::InvalidCertificate(certificate) => certificate,
        Error::AlertReceived(AlertDescription::ProtocolVersion) | Error::PeerIncompatible(_) => {
            return failure(format!("no TLS version in common: {error}"))
                .advise("the relay must speak TLS 1.2 or newer");
        }
        Error::AlertReceived(AlertDescription::HandshakeFailure) => {
            return failure("the relay found nothing in common to speak TLS with".to_owned())
                .advise("it needs a certificate, and TLS 1.3, or 1.2 with ECDHE ciphers");
        }
        Error::InvalidMessage(_) => {
            return failure(format!("port {port} did not answer in TLS"))
                .advise("tls = \"implicit\" is for port 465; for port 587 use tls = \"starttls\"");
        }
        other => return failure(format!("TLS failed: {other}")),
    };
    match certificate {
        CertificateError::UnknownIssuer => failure(format!(
            "the relay's certificate is signed by no root in {roots}"
        ))
        .advise("put its CA there (or, self-signed with CA:FALSE, itself)"),
        CertificateError::BadSignature => failure(format!(
            "the relay's certificate names a root in {roots} and is not signed by it"
        ))
        .advise("was the CA, or the relay's certificate, made anew? Put today's there"),
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            failure(format!(
                "the relay's certificate is not for \"{host}\"{}",
                presented(certificate)
            ))
            .advise("set host to a name in the certificate")
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            failure("the relay's certificate has expired".to_owned())
                .advise("renew it on the relay, and check this host's clock")
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            failure("the relay's certificate is not valid yet".to_owned())
                .advise("check the clocks of this host and of the relay")
        }
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
            failure("the relay's certificate is not for servers".to_owned())
                .advise("it needs extendedKeyUsage serverAuth")
        }
        CertificateError::Other(other) if format!("{other:?}").contains("CaUsedAsEndEntity") => {
            failure("the relay shows a CA certificate as its own".to_owned()).advise(format!(
                "give the relay a certificate with CA:FALSE (signed by that CA, or self-signed) \
                 and name its root in {roots}"
            ))
        }
        other => failure(format!("the relay's certificate is refused: {other}")),
    }
}

/// The names that a certificate carries, where the error knows them. They come as
/// `DnsName("relay.example.org")` and `IpAddress(192.0.2.1)`.
fn presented(error: &CertificateError) -> String {
    let CertificateError::NotValidForNameContext { presented, .. } = error else {
        return String::new();
    };
    let names: Vec<_> = presented
        .iter()
        .map(|name| {
            let (_kind, name) = name.split_once('(').unwrap_or(("", name));
            name.trim_end_matches(')').trim_matches('"')
        })
        .collect();
    if names.is_empty() {
        return " and names no host".to_owned();
    }
    format!(" but for {}", names.join(", "))
}
