//! The sender as a process: who it is, what it may, what can be seen of it; and the relay's password on
//! its way to it.

use std::fs;
use std::os::unix::fs::chown;
use std::os::unix::fs::symlink;

use gatepost_tests::config::Config;
use gatepost_tests::config::ROOTS_PATH;
use gatepost_tests::config::Relay;
use gatepost_tests::config::quote;
use gatepost_tests::product::HELPER;
use gatepost_tests::product::SENDER;
use gatepost_tests::require;
use gatepost_tests::require::Need;
use gatepost_tests::require::report_skipped;
use gatepost_tests::smtp::Act;
use gatepost_tests::smtp::Encryption;
use gatepost_tests::smtp::Fault;
use gatepost_tests::smtp::Sink;
use gatepost_tests::smtp::Step;
use gatepost_tests::stage::Stage;
use gatepost_tests::wait::SOON;

use super::at_the_prompt;
use super::only_a_recovery_code_opens;
use super::outcomes;
use super::relay;
use super::stage;

const PASSWORD: &str = "relay-Pw-Zk31";

// Mutant: sender::start without uid(), env_clear() or with the frame as an argument; limits::confine
// without a row of LIMITS or without set_no_new_privs.
#[test]
fn the_sender_has_no_privileges_and_shows_nothing() {
    require!();
    let sink = Sink::with_password(Encryption::Implicit, "relay-user", PASSWORD);
    sink.fault(Fault::At(Step::Body, Act::Silent));
    let stage = stage(Config::to(&sink).set("mail.deadline", "3s"));
    let (mut login, _) = at_the_prompt(&stage);
    let code = sink.next_mail(SOON).code();
    let sender = stage.wait_for_process("gatepost-sender");
    let seen = sender.look();
    let look = |name: &str| seen.get(name).map_or("", String::as_str);

    let passwd = stage.read("/etc/passwd");
    let row = passwd.lines().find(|line| line.starts_with("gatepost:"));
    let ids: Vec<&str> = row.expect("setup made the user").split(':').collect();
    assert_ne!(ids[2], "0");
    assert_eq!(look("Uid"), [ids[2]; 4].join(" "));
    assert_eq!(look("Gid"), [ids[3]; 4].join(" "));
    assert_eq!(look("Groups"), "");
    for set in ["CapInh", "CapPrm", "CapEff", "CapAmb"] {
        assert_eq!(look(set), "0000000000000000", "{set}");
    }
    assert_eq!((look("NoNewPrivs"), look("Threads")), ("1", "1"));
    assert_eq!((look("Umask"), look("cwd")), ("0077", "/"));
    for (limit, most) in [
        ("Max address space", "134217728"),
        ("Max core file size", "0"),
        ("Max cpu time", "30"),
        ("Max file size", "0"),
        ("Max open files", "32"),
        ("Max processes", "0"),
    ] {
        let line = look("limits").lines().find(|line| line.starts_with(limit));
        let values: Vec<&str> = line.unwrap_or("")[limit.len()..]
            .split_whitespace()
            .collect();
        assert_eq!(values[..2], [most, most], "{limit}");
    }
    // The pipes to the helper, no error output, one connection: no file.
    let open = seen.iter().filter(|(name, _)| name.starts_with("fd "));
    let kinds = open.map(|(_, target)| target.split([':', ' ']).next().unwrap());
    let mut kinds: Vec<&str> = kinds.collect();
    kinds.sort_unstable();
    kinds.dedup();
    assert_eq!(kinds, ["/dev/null", "pipe", "socket"], "{seen:?}");

    let helper = stage.wait_for_process("gatepost-helper");
    for (pid, program) in [(sender.pid, SENDER), (helper.pid, HELPER)] {
        let read = |name: &str| fs::read(format!("/proc/{pid}/{name}")).unwrap();
        assert_eq!(read("environ"), b"", "{program}");
        assert_eq!(read("cmdline"), format!("{program}\0").as_bytes());
        let owner = fs::metadata(format!("/proc/{pid}/mem")).unwrap();
        assert_eq!(std::os::unix::fs::MetadataExt::uid(&owner), 0, "{program}");
    }
    login.answer(code);
    login.finish().expect("PAM_SUCCESS");
    stage.expect_conversations(1);
}

/// A relay that wants a password from this file, under this key of the configuration.
fn with_password(sink: &Sink, key: &str, path: &str) -> Relay {
    relay("localhost", sink.port(), ROOTS_PATH)
        .field("username", &quote("relay-user"))
        .field(key, &quote(path))
}

/// A stage whose relay is `sink`, its password where the test puts it.
fn asked_for_a_password(sink: &Sink, key: &str, path: &str) -> Stage {
    let stage = stage(Config::new().relay_as(with_password(sink, key, path)));
    stage.watch(sink);
    stage.write(ROOTS_PATH, &sink.roots_pem());
    stage
}

/// The mail comes, from the user that the password belongs to.
#[track_caller]
fn delivers(stage: &Stage, sink: &Sink) {
    let (mut login, _) = at_the_prompt(stage);
    let mail = sink.next_mail(SOON);
    assert_eq!(mail.authenticated_as.as_deref(), Some("relay-user"));
    login.answer(mail.code());
    login.finish().expect("PAM_SUCCESS");
    stage.wait_for_quiet();
}

/// No connection is made, and the record says `words`.
#[track_caller]
fn refuses(stage: &Stage, sink: &Sink, words: &str) {
    let before = (
        sink.counts().connections,
        stage.wait_for_deliveries(0).len(),
    );
    let recovery = stage.recovery_codes("alice");
    let (login, _) = at_the_prompt(stage);
    let deliveries = stage.wait_for_deliveries(before.1 + 2);
    let new = &deliveries[before.1..];
    assert_eq!(outcomes(new), ["auth"; 2], "{deliveries:?}");
    assert!(
        new.iter().all(|new| new.reply.contains(words)),
        "{words:?} {new:?}"
    );
    only_a_recovery_code_opens(login, &recovery[0]);
    assert_eq!(sink.counts().connections, before.0, "{}", sink.log());
}

// Mutant: password::read opens the file without files::read_trusted.
#[test]
fn the_relays_password_is_read_from_a_root_only_file_and_no_other() {
    require!();
    let sink = Sink::with_password(Encryption::Implicit, "relay-user", PASSWORD);
    let path = "/etc/gatepost/relay.password";
    let stage = asked_for_a_password(&sink, "password_file", path);
    refuses(&stage, &sink, "relay.password does not exist");
    for mode in [0o640, 0o604, 0o644, 0o620, 0o666] {
        stage.write_as(path, PASSWORD, mode);
        let words = format!("{path} has mode {mode:04o}: chmod 0600 {path}");
        refuses(&stage, &sink, &words);
    }
    stage.write_as(path, PASSWORD, 0o600);
    chown(path, Some(2005), None).unwrap();
    refuses(&stage, &sink, "belongs to uid 2005: chown root");
    chown(path, Some(0), None).unwrap();
    fs::rename(path, "/etc/gatepost/elsewhere").unwrap();
    symlink("/etc/gatepost/elsewhere", path).unwrap();
    refuses(&stage, &sink, "is a symbolic link");
    fs::remove_file(path).unwrap();
    stage.write_as(path, "\n", 0o600);
    refuses(&stage, &sink, "is empty: write the password into it");
    for content in [
        PASSWORD.to_owned(),
        format!("{PASSWORD}\n"),
        format!("{PASSWORD}\r\n"),
    ] {
        stage.write_as(path, &content, 0o600);
        delivers(&stage, &sink);
    }
    stage.write_as(path, PASSWORD, 0o400);
    delivers(&stage, &sink);
    stage.expect_conversations(13);
}

// Mutant: password::decrypt takes what systemd-creds printed, whatever its exit status.
#[test]
fn the_relays_password_may_be_an_encrypted_credential() {
    let creds = "/usr/bin/systemd-creds";
    require!(Need::Program("/usr/bin/systemd-creds"));
    let sink = Sink::with_password(Encryption::Implicit, "relay-user", PASSWORD);
    let path = "/etc/gatepost/relay.cred";
    let stage = asked_for_a_password(&sink, "password_credential", path);
    stage.write_as("/tmp/password", PASSWORD, 0o600);
    let made = stage.run(stage.command(creds).args([
        "encrypt",
        "--with-key=host",
        "--name=relay.cred",
        "/tmp/password",
        path,
    ]));
    if !made.status.success() {
        report_skipped(&format!("systemd-creds cannot run here: {}", made.stderr));
        return;
    }
    delivers(&stage, &sink);
    // Another name, so another credential: systemd-creds refuses it.
    fs::rename(path, "/etc/gatepost/other.cred").unwrap();
    fs::copy("/etc/gatepost/other.cred", path).unwrap();
    let sealed = fs::read(path).unwrap();
    let mut broken = sealed.clone();
    let middle = broken.len() / 2;
    broken[middle] ^= 1;
    fs::write(path, broken).unwrap();
    refuses(&stage, &sink, "relay.cred cannot be decrypted");
    fs::write(path, sealed).unwrap();
    delivers(&stage, &sink);
    stage.expect_conversations(3);
}
