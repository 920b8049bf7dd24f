//! What a stack makes of our verdicts: enrolment settings, faults, arguments, flags, the other five
//! hooks. The stacks end in `pam_permit`, so that anything but a clear refusal would let in.

use gatepost_tests::config::Config;
use gatepost_tests::pam::{Answer, Call, Outcome, Style};
use gatepost_tests::require;
use gatepost_tests::smtp::{Encryption, Sink};
use gatepost_tests::stack::Stack;
use gatepost_tests::stage::Stage;
use gatepost_tests::wait::SOON;

const PAM_SILENT: i32 = 0x8000;
const PAM_DISALLOW_NULL_AUTHTOK: i32 = 0x0001;

/// Our line alone and the permit line, so that every refusal is ours.
fn stage(config: Config) -> Stage {
    Stage::builder()
        .product(config)
        .enrol("alice", "alice@example.org")
        .stack("rig", &Stack::module(""))
        .build()
}

fn log_in(stage: &Stage, user: &str) -> Outcome {
    stage
        .pam("rig")
        .user(user)
        .rhost("192.0.2.7")
        .answers(["00000000"; 3])
}

// Mutant: policy::rules::assess answers Ignore for Standing::Never whatever the setting.
#[test]
fn ret_unenrolled_matrix() {
    require!();
    let sink = Sink::start(Encryption::StartTls);
    let stage = stage(Config::to(&sink));
    let module = "pam_gatepost.so";
    let stacks = [
        (
            "plain",
            format!("auth required {module}\nauth required pam_permit.so\n"),
        ),
        (
            "requisite",
            format!("auth requisite {module}\nauth required pam_permit.so\n"),
        ),
        ("alone", format!("auth required {module}\n")),
        (
            "jump",
            format!(
                "auth [success=1 default=bad ignore=ignore] {module}\nauth required pam_deny.so\nauth required pam_permit.so\n"
            ),
        ),
        (
            "nothing-after",
            format!("auth required {module}\nauth optional pam_permit.so\n"),
        ),
    ];
    for (name, lines) in &stacks {
        stage.stack(name, &Stack::of(lines));
    }
    for (setting, opens) in [("refuse", false), ("ignore", true)] {
        stage.configure(&Config::to(&sink).set("login.unenrolled", setting));
        for (name, _) in &stacks {
            let outcome = stage.pam(name).user("carol").answers([""; 0]);
            // Ignoring is no success: a stack that has nothing else refuses, or denies by name.
            let expected = opens && !matches!(*name, "alone" | "jump");
            assert_eq!(
                outcome.authenticate() == "PAM_SUCCESS",
                expected,
                "{setting} {name}: {}",
                outcome.report()
            );
        }
    }
    stage.expect_conversations(10);
}

// Mutant: Store::open failing answers Verdict::Ignore.
#[test]
fn ret_unenrolled_db_missing() {
    require!();
    let sink = Sink::start(Encryption::StartTls);
    let stage = stage(Config::to(&sink).set("login.unenrolled", "ignore"));
    stage.store_is_broken_on_purpose();
    let store = "/var/lib/gatepost/gatepost.db";
    let breaks: [&[&str]; 6] = [
        &["chmod", "644", store],
        &["chown", "alice", store],
        &["mv", store, "/var/lib/gatepost/elsewhere"],
        &["truncate", "-s", "0", store],
        &[
            "dd",
            "if=/dev/urandom",
            "of=/var/lib/gatepost/gatepost.db",
            "bs=8192",
            "count=4",
        ],
        &["chmod", "640", "/etc/gatepost/key"],
    ];
    for broken in breaks {
        stage.does(&["cp", "-a", "/var/lib/gatepost", "/var/lib/aside"]);
        stage.does(broken);
        let outcome = log_in(&stage, "carol");
        let code = outcome.authenticate();
        assert_eq!(
            code,
            "PAM_AUTHINFO_UNAVAIL",
            "{broken:?} {}",
            outcome.report()
        );
        assert!(
            outcome.messages().is_empty(),
            "{broken:?} {}",
            outcome.report()
        );
        stage.does(&["rm", "-rf", "/var/lib/gatepost"]);
        stage.does(&["mv", "/var/lib/aside", "/var/lib/gatepost"]);
        stage.does(&["chmod", "600", "/etc/gatepost/key"]);
    }
}

// Mutant: people::groups answers Known(vec![]) where the lookup fails.
#[test]
fn ret_group_lookup_error() {
    require!();
    let sink = Sink::start(Encryption::StartTls);
    let skip_bots = [("groups", "[\"bots\"]"), ("action", "\"skip\"")];
    let refuse_staff = [("groups", "[\"staff-only\"]"), ("action", "\"refuse\"")];
    let config = Config::to(&sink).rule(&skip_bots).rule(&refuse_staff);
    let stage = stage(config);
    stage.write(
        "/etc/group",
        &format!("{}bots:x:4001:carol\n", stage.read("/etc/group")),
    );
    let skipped = log_in(&stage, "carol");
    assert_eq!(
        skipped.authenticate(),
        "PAM_SUCCESS",
        "{}",
        skipped.report()
    );
    // A database that cannot be asked.
    stage.does(&["mv", "/etc/group", "/etc/group.aside"]);
    let strict = log_in(&stage, "carol");
    assert_eq!(
        strict.authenticate(),
        "PAM_PERM_DENIED",
        "{}",
        strict.report()
    );
    stage.does(&["mv", "/etc/group.aside", "/etc/group"]);
}

// Mutant: arguments::Arguments::parse drops words that it does not know.
#[test]
fn args_unknown_denies() {
    require!();
    let sink = Sink::start(Encryption::StartTls);
    let stage = stage(Config::to(&sink));
    let bad = [
        "nullok",
        "fail_mode=opne",
        "debug=1",
        "conf=etc/gatepost.toml",
        "helper=",
        "after=anything",
        "decoy decoy",
        "Decoy",
    ];
    for words in bad {
        stage.stack("bad", &Stack::module(words));
        let outcome = stage.pam("bad").user("alice").answers([""; 0]);
        assert_eq!(
            outcome.authenticate(),
            "PAM_SYSTEM_ERR",
            "{words}: {}",
            outcome.report()
        );
        let named = words.split(' ').next_back().unwrap_or(words);
        stage.wait_for_syslog(SOON, |line| line.message.contains(named));
    }
    assert_eq!(sink.mails().len(), 0);
}

// Mutant: config::Config::load falls back to a default where the file is missing.
#[test]
fn conf_matrix() {
    require!();
    let sink = Sink::start(Encryption::StartTls);
    let stage = stage(Config::to(&sink).set("login.unenrolled", "ignore"));
    let file = "/etc/gatepost/gatepost.toml";
    let good = stage.read(file);
    let breaks: [&[&str]; 9] = [
        &["rm", file],
        &["truncate", "-s", "0", file],
        &["cp", "/bin/true", file],
        &["chmod", "666", file],
        &["chmod", "660", file],
        &["chown", "alice", file],
        &["chmod", "777", "/etc/gatepost"],
        &["chown", "alice", "/etc/gatepost"],
        &["sed", "-i", "s/^from/form/", file],
    ];
    for broken in breaks {
        stage.does(broken);
        let outcome = log_in(&stage, "carol");
        assert_eq!(
            outcome.authenticate(),
            "PAM_AUTHINFO_UNAVAIL",
            "{broken:?}: {}",
            outcome.report()
        );
        stage.does(&["rm", "-f", file]);
        stage.does(&["chown", "root", "/etc/gatepost"]);
        stage.does(&["chmod", "755", "/etc/gatepost"]);
        stage.write(file, &good);
    }
    stage.does(&["mv", file, "/etc/gatepost/real.toml"]);
    stage.does(&["ln", "-s", "/etc/gatepost/real.toml", file]);
    let linked = log_in(&stage, "carol");
    assert_eq!(
        linked.authenticate(),
        "PAM_AUTHINFO_UNAVAIL",
        "{}",
        linked.report()
    );
    let told = stage
        .syslog()
        .into_iter()
        .filter(|line| line.message.contains(file))
        .count();
    assert!(
        told >= 8,
        "the log names the file: {told}\n{}",
        stage.report()
    );
}

// Mutant: sm_setcred answers PAM_IGNORE.
#[test]
fn stack_setcred_5_shapes() {
    require!();
    let sink = Sink::start(Encryption::StartTls);
    let stage = stage(Config::to(&sink).set("limits.send_cooldown", "1s"));
    stage.stack("inner", &Stack::module(""));
    let shapes = [
        (
            "required",
            "auth required pam_gatepost.so\nauth required pam_permit.so\n",
        ),
        ("alone", "auth required pam_gatepost.so\n"),
        (
            "jump",
            "auth [success=1 default=die] pam_gatepost.so\nauth required pam_deny.so\nauth required pam_permit.so\n",
        ),
        (
            "substack",
            "auth substack inner\nauth required pam_permit.so\n",
        ),
        ("include", "auth include inner\n"),
    ];
    for (name, lines) in shapes {
        stage.stack(name, &Stack::of(lines));
        let mut login = stage.pam(name).user("alice").whole_login().start();
        login.expect_prompt("Verification code: ");
        login.answer(sink.next_mail(SOON).code());
        let outcome = login.finish();
        assert_eq!(
            outcome.authenticate(),
            "PAM_SUCCESS",
            "{name}: {}",
            outcome.report()
        );
        assert_eq!(
            outcome.code(Call::Setcred),
            "PAM_SUCCESS",
            "{name}: {}",
            outcome.report()
        );
    }
}

// Mutant: acct_mgmt answers PAM_SUCCESS.
#[test]
fn stack_other_facilities() {
    require!();
    let sink = Sink::start(Encryption::StartTls);
    let stage = stage(Config::to(&sink));
    let alone = Stack::permit()
        .account("account required pam_gatepost.so\n")
        .session("session required pam_gatepost.so\n");
    stage.stack("others", &alone);
    let outcome = stage
        .pam("others")
        .user("alice")
        .calls(&[Call::Authenticate, Call::Account, Call::OpenSession])
        .answers([""; 0]);
    // Alone in a stack, no opinion is a refusal of libpam's own.
    for call in [Call::Account, Call::OpenSession] {
        assert_eq!(
            outcome.code(call),
            "PAM_PERM_DENIED",
            "{}",
            outcome.report()
        );
    }
}

// Mutant: flow::run tells although the host asked for silence; or a flag changes the verdict.
#[test]
fn flags_matrix() {
    require!();
    let sink = Sink::start(Encryption::StartTls);
    let stage = stage(Config::to(&sink).set("limits.send_cooldown", "1s"));
    for flags in [
        0,
        PAM_SILENT,
        PAM_DISALLOW_NULL_AUTHTOK,
        PAM_SILENT | PAM_DISALLOW_NULL_AUTHTOK,
    ] {
        let mut login = stage.pam("rig").user("alice").flags(flags).start();
        login.expect_prompt("Verification code: ");
        login.answer(sink.next_mail(SOON).code());
        login.finish().expect("PAM_SUCCESS");
        let refused = stage.pam("rig").user("carol").flags(flags).answers([""; 0]);
        assert_eq!(
            refused.authenticate(),
            "PAM_USER_UNKNOWN",
            "{}",
            refused.report()
        );
        let told = refused
            .messages()
            .iter()
            .any(|(style, _)| *style == Style::Error);
        assert_eq!(
            told,
            flags & PAM_SILENT == 0,
            "{flags:#x} {}",
            refused.report()
        );
    }
}

// Mutant: the lock is looked at in acct_mgmt and not in authenticate.
#[test]
fn auth_only_host() {
    require!();
    let sink = Sink::start(Encryption::StartTls);
    let stage = stage(Config::to(&sink));
    let _disabled = stage
        .gatepost(&["user", "disable", "alice", "--reason", "test"])
        .success();
    let outcome = stage
        .pam("rig")
        .user("alice")
        .calls(&[Call::Authenticate])
        .answers([""; 0]);
    assert_eq!(
        outcome.authenticate(),
        "PAM_PERM_DENIED",
        "{}",
        outcome.report()
    );
}

// Mutant: Prompt::Dummy is not taken for Proved::Nothing, so a skip rule opens a decoy stack.
#[test]
fn a_wrong_password_never_opens_a_decoy_stack() {
    require!();
    let sink = Sink::start(Encryption::StartTls);
    let skip_all = [("action", "\"skip\"")];
    let stage = stage(
        Config::to(&sink)
            .rule(&skip_all)
            .set("login.unenrolled", "ignore"),
    );
    stage.stack("decoy", &Stack::decoy());
    for user in ["alice", "carol", "nobody-at-all"] {
        let answers = ["not the password", "11111111", "22222222", "33333333"];
        let outcome = stage
            .pam("decoy")
            .user(user)
            .answers(answers.map(Answer::from));
        assert_ne!(
            outcome.authenticate(),
            "PAM_SUCCESS",
            "{user}: {}",
            outcome.report()
        );
        assert_eq!(outcome.messages().len(), 4, "{user}: {}", outcome.report());
    }
    assert_eq!(sink.mails().len(), 0);
}

// Mutant: helper_process::check is skipped.
#[test]
fn a_helper_that_others_may_write_is_not_started() {
    require!();
    let sink = Sink::start(Encryption::StartTls);
    let stage = stage(Config::to(&sink));
    let helper = "/usr/libexec/gatepost/gatepost-helper";
    for broken in [["chmod", "777", helper], ["chown", "eve", helper]] {
        stage.does(&broken);
        let outcome = stage.pam("rig").user("alice").answers([""; 0]);
        assert_eq!(
            outcome.authenticate(),
            "PAM_AUTHINFO_UNAVAIL",
            "{broken:?}: {}",
            outcome.report()
        );
        stage.does(&["chown", "root", helper]);
        stage.does(&["chmod", "755", helper]);
    }
}
