//! Who is asked, and whose counter counts: names, aliases, reused uids, forged hosts, and a user
//! database that is down.

use gatepost_tests::config::Config;
use gatepost_tests::pam::Answer;
use gatepost_tests::pty::Pty;
use gatepost_tests::require;
use gatepost_tests::require::Need;
use gatepost_tests::smtp::{Encryption, Sink};
use gatepost_tests::stack::Stack;
use gatepost_tests::stage::Stage;
use gatepost_tests::users::User;
use gatepost_tests::wait::SOON;

fn stage(config: Config) -> Stage {
    Stage::builder()
        .product(config)
        .enrol("alice", "alice@example.org")
        .stack("rig", &Stack::module(""))
        .build()
}

// Mutant: the module does not read PAM_USER again after the prompt.
#[test]
fn user_changed_midway() {
    require!();
    let sink = Sink::start(Encryption::StartTls);
    let stage = stage(Config::to(&sink));
    for other in ["root", "bob", "alice2"] {
        let mut login = stage.pam("rig").user("alice").start();
        login.expect_prompt("Verification code: ");
        let code = sink
            .mails()
            .last()
            .map_or_else(|| sink.next_mail(SOON).code(), |m| m.code());
        login.answer(Answer::ChangeUser(other.to_owned(), code));
        let outcome = login.finish();
        assert_ne!(
            outcome.authenticate(),
            "PAM_SUCCESS",
            "{other}: {}",
            outcome.report()
        );
    }
    // What was refused was not compared: the code still works.
    let mut login = stage.pam("rig").user("alice").start();
    login.expect_prompt("Verification code: ");
    login.answer(sink.mails().last().expect("a mail").code());
    login.finish().expect("PAM_SUCCESS");
}

// Mutant: a name is folded to small letters before it is looked up. No name here has another in the
// database: that the database's is taken is not tried.
#[test]
fn alias_matrix() {
    require!();
    let sink = Sink::start(Encryption::StartTls);
    let stage = stage(Config::to(&sink));
    let names = [
        "Alice",
        "ALICE",
        "alice ",
        " alice",
        "alice.",
        "alice@EXAMPLE",
        "DOM\\alice",
        "2001",
        "alice\n",
        "alice\t",
        "ali\u{301}ce",
        "аlice",
        "alice\u{200b}",
        "*",
        "%",
        "'",
        "\"",
        "-",
        "..",
        "alice/../alice",
    ];
    for name in names {
        let outcome = stage.pam("rig").user(name).answers([""; 0]);
        assert_ne!(
            outcome.authenticate(),
            "PAM_SUCCESS",
            "{name:?}: {}",
            outcome.report()
        );
        assert!(
            !outcome
                .messages()
                .iter()
                .any(|(_, text)| text.contains("code sent")),
            "{name:?}"
        );
    }
    assert_eq!(sink.mails().len(), 0);
    assert_eq!(stage.store().guesses().expect("guesses"), (0, 0));
}

// Mutant: policy treats Standing::UidOfAnother as Never.
#[test]
fn toor_not_root() {
    require!();
    let sink = Sink::start(Encryption::StartTls);
    let stage = stage(Config::to(&sink).set("login.unenrolled", "ignore"));
    stage.enrol("root", "root@example.org");
    let outcome = stage.pam("rig").user("toor").answers([""; 0]);
    assert_eq!(
        outcome.authenticate(),
        "PAM_PERM_DENIED",
        "{}",
        outcome.report()
    );
    assert_eq!(
        sink.mails().len(),
        0,
        "no code went to the other name's address"
    );
}

// Mutant: store::signin::look::standing does not compare the uid.
#[test]
fn uid_reuse_denied() {
    require!();
    let sink = Sink::start(Encryption::StartTls);
    let stage = stage(Config::to(&sink).set("login.unenrolled", "ignore"));
    let passwd = stage
        .read("/etc/passwd")
        .replace("alice:x:2001:", "alice:x:2099:");
    stage.write("/etc/passwd", &passwd);
    let outcome = stage.pam("rig").user("alice").answers([""; 0]);
    assert_eq!(
        outcome.authenticate(),
        "PAM_PERM_DENIED",
        "{}",
        outcome.report()
    );
    assert_eq!(sink.mails().len(), 0);
}

// Mutant: a removed account's row is deleted instead of kept as a tombstone.
#[test]
fn a_removed_account_is_never_unenrolled() {
    require!();
    let sink = Sink::start(Encryption::StartTls);
    let stage = stage(Config::to(&sink).set("login.unenrolled", "ignore"));
    let _removed = stage
        .gatepost(&["user", "remove", "alice", "--yes"])
        .success();
    let outcome = stage.pam("rig").user("alice").answers([""; 0]);
    assert_eq!(
        outcome.authenticate(),
        "PAM_PERM_DENIED",
        "{}",
        outcome.report()
    );
}

// Mutant: a name is put into SQL or a path.
#[test]
fn name_traversal_sql() {
    require!();
    let sink = Sink::start(Encryption::StartTls);
    let stage = stage(Config::to(&sink));
    let names = [
        "../../etc/passwd",
        "'; DROP TABLE accounts; --",
        "\" OR 1=1 --",
        "alice' UNION SELECT 1 --",
        "%s%n",
        "$(reboot)",
        "`id`",
        "a\u{1b}[31m",
    ];
    for name in names {
        let outcome = stage.pam("rig").user(name).answers([""; 0]);
        assert_ne!(
            outcome.authenticate(),
            "PAM_SUCCESS",
            "{name:?}: {}",
            outcome.report()
        );
    }
    assert_eq!(stage.store().rows("accounts").expect("accounts"), 1);
    let non_utf8 = stage
        .pam("rig")
        .user(b"ali\xffce".as_slice())
        .answers([""; 0]);
    assert_ne!(
        non_utf8.authenticate(),
        "PAM_SUCCESS",
        "{}",
        non_utf8.report()
    );
}

// Mutant: a user database that does not even know our own user is taken for one without the person.
#[test]
fn nss_down() {
    require!();
    let sink = Sink::start(Encryption::StartTls);
    let stage = stage(Config::to(&sink).set("login.unenrolled", "ignore"));
    stage.does(&["mv", "/etc/passwd", "/etc/passwd.aside"]);
    let outcome = stage.pam("rig").user("alice").answers([""; 0]);
    stage.does(&["mv", "/etc/passwd.aside", "/etc/passwd"]);
    assert_eq!(
        outcome.authenticate(),
        "PAM_AUTHINFO_UNAVAIL",
        "{}",
        outcome.report()
    );
}

// Mutant: Source::from_pam takes a name for an address, or a rule looks at the source.
#[test]
fn rhost_never_skips_unless_asked() {
    require!();
    let sink = Sink::start(Encryption::StartTls);
    let stage = stage(Config::to(&sink).set("limits.send_cooldown", "1s"));
    let hosts = [
        "127.0.0.1",
        "::1",
        "::ffff:127.0.0.1",
        "localhost",
        "UNKNOWN",
        "",
        "host01",
    ];
    for host in hosts {
        // A success from there, so that it is as known as it can be.
        let mut login = stage.pam("rig").user("alice").rhost(host).start();
        login.expect_prompt("Verification code: ");
        login.answer(sink.next_mail(SOON).code());
        login.finish().expect("PAM_SUCCESS");
        let mut again = stage.pam("rig").user("alice").rhost(host).start();
        again.expect_prompt("Verification code: ");
        again.answer(sink.next_mail(SOON).code());
        again.finish().expect("PAM_SUCCESS");
    }
}

// Mutant: a code is bound to the text of PAM_RHOST and not to the address that it means.
#[test]
fn a_mapped_address_is_the_same_source() {
    require!();
    let sink = Sink::start(Encryption::StartTls);
    let stage = stage(Config::to(&sink));
    let mut first = stage.pam("rig").user("alice").rhost("192.0.2.9").start();
    first.expect_prompt("Verification code: ");
    let code = sink.next_mail(SOON).code();
    first.hang_up();
    let _gone = first.finish();
    let mut again = stage
        .pam("rig")
        .user("alice")
        .rhost("::ffff:192.0.2.9")
        .start();
    let prompt = again.expect_prompt("Verification code: ");
    assert!(prompt.text.contains("already sent"), "{prompt:?}");
    again.answer(code);
    again.finish().expect("PAM_SUCCESS");
    // The half-finished login left a notice to the owner, which carries no code.
    let codes = sink
        .mails()
        .iter()
        .filter(|mail| mail.find_code().is_some())
        .count();
    assert_eq!(codes, 1);
}

// Mutant: su's caller is asked instead of its target.
#[test]
fn who_is_asked_su() {
    require!(Need::Program("/usr/bin/su"));
    let sink = Sink::start(Encryption::StartTls);
    let stage = Stage::builder()
        .product(Config::to(&sink))
        .enrol("bob", "bob@example.org")
        .stack("su", &Stack::plain())
        .build();
    let mut command = stage.command("setpriv");
    command.args([
        "--reuid=2005",
        "--clear-groups",
        "su",
        "bob",
        "-c",
        "id -un",
    ]);
    let mut su = Pty::start(&stage, &command);
    su.wait_for("Password: ");
    su.send_line(User::password_of("bob"));
    su.wait_for("Sign-in to host01 as bob");
    let mail = sink.next_mail(SOON);
    assert_eq!(mail.to, ["bob@example.org"]);
    su.send_line(&mail.code());
    su.wait_for("bob");
    su.wait_exit(SOON);
}
