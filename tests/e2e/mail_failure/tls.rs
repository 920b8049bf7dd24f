//! TLS or nothing: what is stripped, injected, forged or steered by the caller's environment ends the
//! delivery before a password or a mail is said.

use std::fs;
use std::net::TcpListener;
use std::process::Command;

use gatepost_tests::config::Config;
use gatepost_tests::config::ROOTS_PATH;
use gatepost_tests::process::Process;
use gatepost_tests::pty::Pty;
use gatepost_tests::require;
use gatepost_tests::require::Need;
use gatepost_tests::smtp::Act;
use gatepost_tests::smtp::BadCertificate;
use gatepost_tests::smtp::Encryption;
use gatepost_tests::smtp::Fault;
use gatepost_tests::smtp::Sink;
use gatepost_tests::smtp::Step;
use gatepost_tests::stack::Stack;
use gatepost_tests::stage::Stage;
use gatepost_tests::users::User;
use gatepost_tests::wait::SOON;

use super::at_the_prompt;
use super::only_a_recovery_code_opens;
use super::outcomes;
use super::relay;
use super::stage;

const OPENSSL: Need = Need::Program("/usr/bin/openssl");

/// The relay is told neither the password nor the mail, the record says `words`.
#[track_caller]
fn says_nothing(encryption: Encryption, fault: Fault, outcome: &str, words: &str) {
    let sink = Sink::with_password(encryption, "relay-user", "relay-Pw-Zk31");
    sink.fault(fault);
    let stage = stage(Config::to(&sink));
    let recovery = stage.recovery_codes("alice");
    let (login, _) = at_the_prompt(&stage);
    let deliveries = stage.wait_for_deliveries(2);
    assert_eq!(outcomes(&deliveries), [outcome; 2], "{deliveries:?}");
    assert!(deliveries[0].reply.contains(words), "{deliveries:?}");
    let counts = sink.counts();
    assert_eq!(
        (counts.auths, counts.mails, counts.bytes_in_plaintext),
        (0, 0, 0),
        "{}",
        sink.log()
    );
    only_a_recovery_code_opens(login, &recovery[0]);
    stage.expect_conversations(1);
}

// Mutant: Session::open goes on in clear where STARTTLS is not offered, or was refused.
#[test]
fn tls_stripped() {
    require!();
    let cases = [
        (Fault::HideStartTls, "tls", "the relay offers no STARTTLS"),
        (Fault::starttls_refused(), "transient", "STARTTLS: 454"),
        (
            Fault::At(Step::StartTls, Act::Reply("502 5.5.1 no")),
            "tls",
            "STARTTLS: 502",
        ),
    ];
    for (fault, outcome, words) in cases {
        says_nothing(Encryption::StartTls, fault, outcome, words);
    }
}

// Mutant: Connection::secure keeps what is in its buffer.
#[test]
fn tls_starttls_injection() {
    require!();
    says_nothing(
        Encryption::StartTls,
        Fault::InjectAfterStartTls,
        "tls",
        "text in clear came with the relay's go-ahead for TLS",
    );
}

/// A bad certificate, behind both ways into TLS.
#[track_caller]
fn is_refused(bad: BadCertificate, words: &str) {
    for encryption in [Encryption::Implicit, Encryption::StartTls] {
        says_nothing(encryption, Fault::Certificate(bad), "tls", words);
    }
}

// Mutant of this and the next three: a rustls verifier that accepts every certificate.
#[test]
fn tls_bad_self() {
    require!();
    is_refused(BadCertificate::SelfSigned, "is signed by no root in");
}

#[test]
fn tls_bad_expired() {
    require!();
    is_refused(BadCertificate::Expired, "has expired: renew it");
}

#[test]
fn tls_bad_wrongname() {
    require!();
    is_refused(
        BadCertificate::WrongHost,
        "is not for \"localhost\" but for mail.elsewhere.example",
    );
}

#[test]
fn tls_bad_wrong_ca() {
    require!();
    is_refused(BadCertificate::WrongAuthority, "is signed by no root in");
}

/// OpenSSL's server on a free port of the loopback, speaking TLS as told.
fn openssl(stage: &Stage, arguments: &[&str]) -> (Process, u16) {
    // The port is free again for a moment: another test may take it, then openssl ends, and we try anew.
    for _ in 0..5 {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        drop(listener);
        let mut command = stage.command("/usr/bin/openssl");
        command.args(["s_server", "-www", "-accept", &format!("127.0.0.1:{port}")]);
        let server = stage.start(command.args(arguments));
        if server.stdout.wait_for("ACCEPT", 0, SOON).is_some() {
            return (server, port);
        }
    }
    panic!("openssl does not listen\n{}", stage.report());
}

/// A self-signed certificate for localhost as openssl makes it, and its key.
fn self_signed(stage: &Stage, is_ca: &str) {
    stage.does(&[
        "/usr/bin/openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-days",
        "2",
        "-subj",
        "/CN=localhost",
        "-addext",
        "subjectAltName=DNS:localhost",
        "-addext",
        &format!("basicConstraints=critical,CA:{is_ca}"),
        "-keyout",
        "/tmp/relay.key",
        "-out",
        ROOTS_PATH,
    ]);
}

/// What an OpenSSL server with these arguments is on record with.
#[track_caller]
fn is_on_record(stage: &Stage, arguments: &[&str], words: &str) {
    let (_server, port) = openssl(stage, arguments);
    let relay = relay("localhost", port, ROOTS_PATH);
    stage.configure(&Config::new().relay_as(relay));
    let recovery = stage.recovery_codes("alice");
    let (login, _) = at_the_prompt(stage);
    let deliveries = stage.wait_for_deliveries(2);
    assert_eq!(outcomes(&deliveries), ["tls"; 2], "{deliveries:?}");
    assert!(deliveries[0].reply.contains(words), "{deliveries:?}");
    only_a_recovery_code_opens(login, &recovery[0]);
    stage.expect_conversations(1);
}

const UNUSED: u16 = 1;

/// With a relay that is replaced before it is used.
fn stage_of_openssl(is_ca: &str) -> Stage {
    let stage = stage(Config::new().relay_as(relay("localhost", UNUSED, ROOTS_PATH)));
    self_signed(&stage, is_ca);
    stage
}

// Mutant: cipher suites without a certificate are offered.
#[test]
fn tls_anon() {
    require!(OPENSSL);
    let stage = stage_of_openssl("FALSE");
    let anonymous = ["-nocert", "-tls1_2", "-cipher", "aNULL:@SECLEVEL=0"];
    is_on_record(&stage, &anonymous, "TLS");
}

// Mutant: versions below 1.2 are offered (rustls has none: another library would).
#[test]
fn tls_too_old() {
    require!(OPENSSL);
    let stage = stage_of_openssl("FALSE");
    let old = ["-tls1_1", "-cipher", "ALL:@SECLEVEL=0"];
    let files = ["-key", "/tmp/relay.key", "-cert", ROOTS_PATH];
    is_on_record(&stage, &[&old[..], &files].concat(), "TLS 1.2 or newer");
}

// Mutant: tls::explain has no arm for a CA certificate used as the server's own.
#[test]
fn a_ca_certificate_as_the_relays_own_is_on_record_with_what_to_do() {
    require!(OPENSSL);
    let stage = stage_of_openssl("TRUE");
    is_on_record(
        &stage,
        &["-key", "/tmp/relay.key", "-cert", ROOTS_PATH],
        "the relay shows a CA certificate as its own: give the relay a certificate with CA:FALSE",
    );
}

/// What a user may set before calling su or sudo: files, servers and places of the user's own.
const HOSTILE: [(&str, &str); 27] = [
    ("SSL_CERT_FILE", "/home/eve/roots.pem"),
    ("SSL_CERT_DIR", "/home/eve"),
    ("http_proxy", "http://127.0.0.1:9"),
    ("https_proxy", "http://127.0.0.1:9"),
    ("HTTPS_PROXY", "http://127.0.0.1:9"),
    ("ALL_PROXY", "socks5://127.0.0.1:9"),
    ("no_proxy", ""),
    ("RES_OPTIONS", "ndots:0 attempts:0"),
    ("LOCALDOMAIN", "evil.example"),
    ("HOSTALIASES", "/home/eve/aliases"),
    ("RESOLV_HOST_CONF", "/home/eve/host.conf"),
    ("LD_PRELOAD", "/home/eve/evil.so"),
    ("LD_LIBRARY_PATH", "/home/eve"),
    ("LD_AUDIT", "/home/eve/evil.so"),
    ("GCONV_PATH", "/home/eve"),
    ("LOCPATH", "/home/eve"),
    ("NLSPATH", "/home/eve/%N"),
    ("MALLOC_PERTURB_", "85"),
    ("GLIBC_TUNABLES", "glibc.malloc.check=3"),
    ("TMPDIR", "/home/eve"),
    ("SQLITE_TMPDIR", "/home/eve"),
    ("HOME", "/home/eve"),
    ("XDG_CONFIG_HOME", "/home/eve"),
    ("RUST_LOG", "trace"),
    ("RUST_BACKTRACE", "full"),
    ("RUST_MIN_STACK", "1"),
    ("GATEPOST_CONFIG", "/home/eve/gatepost.toml"),
];

/// Eve at a terminal, with all that in her environment.
fn as_eve(stage: &Stage, words: &[&str]) -> Command {
    let mut command = stage.command("/usr/bin/setpriv");
    command
        .args(["--reuid=2005", "--regid=2005", "--clear-groups", "--"])
        .args(words)
        .envs(HOSTILE);
    command
}

fn stage_of_eve(config: Config) -> Stage {
    Stage::builder()
        .product(config)
        .enrol("bob", "bob@example.org")
        .enrol("eve", "eve@example.org")
        .stack("su", &Stack::plain())
        .stack("sudo", &Stack::plain())
        .file("/etc/sudoers.d/rig", "eve ALL=(ALL) ALL\n")
        .file("/home/eve/aliases", "localhost evil.example\n")
        .build()
}

// Mutant: helper_process::start without env_clear; or sender::start without it.
#[test]
fn env_hostile_sudo_su() {
    require!(Need::Program("/usr/bin/sudo"), Need::Program("/usr/bin/su"));
    let sink = Sink::start(Encryption::Implicit);
    // The mail comes, the relay's last word never: there is a sender to look at.
    sink.fault(Fault::At(Step::Body, Act::Silent));
    let stage = stage_of_eve(Config::to(&sink).set("mail.deadline", "2s"));
    let cases: [(&[&str], &str, &str, &str); 2] = [
        (&["su", "bob", "-c", "id -un"], "Password: ", "bob", "bob"),
        (&["sudo", "id", "-u"], "password for eve: ", "eve", "\n0"),
    ];
    for (words, prompt, user, shown) in cases {
        let mut program = Pty::start(&stage, &as_eve(&stage, words));
        program.wait_for(prompt).send_line(User::password_of(user));
        program.wait_for("Verification code: ");
        let mail = sink.next_mail(SOON);
        assert_eq!(mail.to, [format!("{user}@example.org")]);
        for name in ["gatepost-helper", "gatepost-sender"] {
            let pid = stage.wait_for_process(name).pid;
            let environment = fs::read(format!("/proc/{pid}/environ")).unwrap();
            assert_eq!(environment, b"", "{name} of {words:?}");
        }
        program.send_line(&mail.code()).wait_for(shown);
        assert!(program.wait_exit(SOON).success());
        stage.wait_for_quiet();
    }
    stage.expect_conversations(2);
}

// Mutant: roots() adds what SSL_CERT_FILE names, and the environment is handed on.
#[test]
fn the_callers_roots_are_not_trusted() {
    require!(Need::Program("/usr/bin/su"));
    let sink = Sink::start(Encryption::Implicit);
    let public = relay(
        "localhost",
        sink.port(),
        "/etc/ssl/certs/ca-certificates.crt",
    );
    let stage = stage_of_eve(Config::new().relay_as(public));
    stage.watch(&sink);
    // With these the relay could be trusted.
    stage.write("/home/eve/roots.pem", &sink.roots_pem());
    let mut su = Pty::start(&stage, &as_eve(&stage, &["su", "bob"]));
    su.wait_for("Password: ")
        .send_line(User::password_of("bob"));
    su.wait_for("Verification code: ");
    assert_eq!(outcomes(&stage.wait_for_deliveries(2)), ["tls"; 2]);
    assert_eq!(sink.counts().mails, 0, "{}", sink.log());
    su.ctrl_c();
    assert!(!su.wait_exit(SOON).success());
    stage.wait_for_quiet();
    stage.expect_conversations(1);
}
