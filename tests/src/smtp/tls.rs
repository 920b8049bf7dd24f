//! The rig's own certificate authority and what sinks show of it, right and wrong. Made once a run, in
//! memory; nothing of it is ever trusted outside a stage.

use std::sync::Arc;
use std::sync::OnceLock;

use rcgen::BasicConstraints;
use rcgen::Certificate;
use rcgen::CertificateParams;
use rcgen::DnType;
use rcgen::IsCa;
use rcgen::Issuer;
use rcgen::KeyPair;
use rcgen::KeyUsagePurpose;
use rcgen::date_time_ymd;
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::PrivateKeyDer;

use super::fault::BadCertificate;

/// A certificate authority.
struct Authority {
    pem: String,
    issuer: Issuer<'static, KeyPair>,
}

/// The certificate of the rig's authority, to be written where a relay's `roots` points.
pub(crate) fn roots_pem() -> String {
    trusted().pem.clone()
}

/// A server's side of TLS: the rig's certificate for localhost and 127.0.0.1, or a bad one.
pub(crate) fn server(bad: Option<BadCertificate>) -> Arc<ServerConfig> {
    let (certificate, key) = certify(bad);
    let chain: Vec<CertificateDer<'static>> = vec![certificate.der().clone()];
    let key = PrivateKeyDer::try_from(key.serialize_der()).expect("a PKCS#8 key");
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("TLS 1.2 and 1.3")
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .expect("a key that fits its certificate");
    Arc::new(config)
}

/// A key and the rig's certificate for it, for a server that reads them from a file.
pub(crate) fn certificate_pem() -> String {
    let (certificate, key) = certify(None);
    key.serialize_pem() + &certificate.pem()
}

/// A certificate for localhost and 127.0.0.1, or a bad one, and its key.
fn certify(bad: Option<BadCertificate>) -> (Certificate, KeyPair) {
    let key = KeyPair::generate().expect("generate a key");
    let host = match bad {
        Some(BadCertificate::WrongHost) => vec!["mail.elsewhere.example".to_owned()],
        _ => vec![
            "localhost".to_owned(),
            "127.0.0.1".to_owned(),
            "::1".to_owned(),
        ],
    };
    let mut params = CertificateParams::new(host).expect("names for a certificate");
    if bad == Some(BadCertificate::Expired) {
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(2021, 1, 1);
    }
    let certificate = match bad {
        Some(BadCertificate::SelfSigned) => params.self_signed(&key),
        Some(BadCertificate::WrongAuthority) => {
            params.signed_by(&key, &make_authority("Nobody").issuer)
        }
        Some(BadCertificate::Expired | BadCertificate::WrongHost) | None => {
            params.signed_by(&key, &trusted().issuer)
        }
    };
    (certificate.expect("sign a certificate"), key)
}

fn trusted() -> &'static Authority {
    static TRUSTED: OnceLock<Authority> = OnceLock::new();
    TRUSTED.get_or_init(|| make_authority("Gatepost test rig"))
}

fn make_authority(name: &str) -> Authority {
    let key = KeyPair::generate().expect("generate a key");
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let pem = params.self_signed(&key).expect("sign an authority").pem();
    Authority {
        pem,
        issuer: Issuer::new(params, key),
    }
}
