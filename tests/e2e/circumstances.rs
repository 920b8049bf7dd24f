//! The PAM host in odd circumstances, what it sees of itself, and names that resolve badly.

use std::net::Ipv4Addr;
use std::thread;

use gatepost_tests::dns::Dns;
use gatepost_tests::dns::Manner;
use gatepost_tests::pam::Answer;
use gatepost_tests::pam::Sigchld;
use gatepost_tests::require;
use gatepost_tests::require::Need;
use gatepost_tests::stack::Stack;
use gatepost_tests::stage::Stage;
use gatepost_tests::users::User;
use gatepost_tests::wait::SOON;

#[test]
fn many_rounds_in_one_host_each_have_their_handle() {
    require!();
    let stage = Stage::builder().stack("rig", &Stack::unix()).build();
    let right = User::password_of("bob");
    let answers = ["wrong", right, right].map(Answer::from);
    let outcome = stage.pam("rig").user("bob").rounds(3).answers(answers);
    assert_eq!(
        outcome.all_codes(),
        ["PAM_AUTH_ERR", "PAM_SUCCESS", "PAM_SUCCESS"]
    );
}

#[test]
fn a_host_with_odd_circumstances_still_reports() {
    require!();
    let stage = Stage::builder().stack("rig", &Stack::permit()).build();
    let odd = stage
        .pam("rig")
        .user("eve")
        .closed(&[0, 1, 2])
        .limit("nofile", 16)
        .started_by(2005);
    let outcome = odd.umask(0o777).answers([""; 0]).expect("PAM_SUCCESS");
    let (_, seen) = outcome.states().first().expect("a first state");
    assert_eq!(seen.get("Uid").map(String::as_str), Some("2005 0 0 0"));
    assert_eq!(seen.get("Umask").map(String::as_str), Some("0777"));
    assert!(!seen.contains_key("fd 1"), "{seen:?}");
}

#[test]
fn a_changed_host_is_a_broken_invariant() {
    require!();
    let broken = thread::spawn(|| {
        let umask = "session required pam_umask.so umask=0027\n";
        let stack = Stack::permit().session(umask);
        let stage = Stage::builder().stack("rig", &stack).build();
        stage
            .pam("rig")
            .user("alice")
            .whole_login()
            .answers([""; 0])
            .expect("PAM_SUCCESS");
    });
    let panic = broken.join().expect_err("a changed umask must be found");
    let text = panic.downcast_ref::<String>().expect("a text");
    assert!(text.contains("I4: after OpenSession: Umask"), "{text}");
}

#[test]
fn threads_of_one_host_each_have_their_handle() {
    require!();
    let stage = Stage::builder().stack("rig", &Stack::unix()).build();
    let login = stage
        .pam("rig")
        .user("bob")
        .in_threads(8, [User::password_of("bob")]);
    let outcome = login.rounds(3).answers([""; 0]);
    assert_eq!(outcome.all_codes(), ["PAM_SUCCESS"; 24]);
}

#[test]
fn a_host_is_looked_at_while_it_waits_at_a_prompt() {
    require!();
    let stage = Stage::builder().stack("rig", &Stack::unix()).build();
    let mut login = stage.pam("rig").user("bob").start();
    login.expect_prompt("Password: ");
    let seen = login.look();
    assert_eq!(
        seen.get("Threads").map(String::as_str),
        Some("1"),
        "{seen:?}"
    );
    assert!(seen.contains_key("fd 200"), "the control socket: {seen:?}");
    assert_eq!(stage.wait_for_process("gatepost-pam-ho").pid, login.pid());
    login.hang_up();
    login.finish().expect("PAM_AUTHTOK_ERR");
}

#[test]
fn a_host_that_is_killed_gives_no_code() {
    require!();
    let stage = Stage::builder().stack("rig", &Stack::unix()).build();
    let mut login = stage.pam("rig").user("bob").start();
    login.expect_prompt("Password: ");
    let host = stage.wait_for_process("gatepost-pam-ho");
    host.signal(rustix::process::Signal::KILL);
    assert!(host.wait_end(SOON));
    assert_eq!(login.finish_killed().authenticate(), "");
}

#[test]
fn a_host_runs_under_strace() {
    require!(Need::Program("/usr/bin/strace"));
    let stage = Stage::builder().stack("rig", &Stack::unix()).build();
    let strace = [
        "/usr/bin/strace",
        "-f",
        "-o",
        "/tmp/trace",
        "-e",
        "trace=openat",
    ];
    let login = stage.pam("rig").user("bob").under(&strace);
    login
        .answers([User::password_of("bob")])
        .expect("PAM_SUCCESS");
    assert!(stage.read("/tmp/trace").contains("/etc/pam.d/rig"));
}

#[test]
fn a_host_without_privileges_and_with_handlers_reports_too() {
    require!();
    let stage = Stage::builder().stack("rig", &Stack::permit()).build();
    for sigchld in [Sigchld::Ignore, Sigchld::ReapAll, Sigchld::Handler] {
        let login = stage.pam("rig").user("eve").run_as(2005).sigchld(sigchld);
        let outcome = login.answers([""; 0]).expect("PAM_SUCCESS");
        let (_, seen) = outcome.states().first().expect("a first state");
        assert_eq!(
            seen.get("Uid").map(String::as_str),
            Some("2005 2005 2005 2005")
        );
    }
}

#[test]
fn a_libpam_that_keeps_its_host_too_long_is_a_broken_invariant() {
    require!();
    let broken = thread::spawn(|| {
        let sleep = "auth optional pam_exec.so quiet /usr/bin/sleep 11\n";
        let stack = Stack::of(&format!("{sleep}auth required pam_permit.so\n"));
        let stage = Stage::builder().stack("rig", &stack).build();
        stage
            .pam("rig")
            .user("alice")
            .answers([""; 0])
            .expect("PAM_SUCCESS");
    });
    let panic = broken.join().expect_err("eleven seconds must be found");
    let text = panic.downcast_ref::<String>().expect("a text");
    assert!(text.contains("I7: "), "{text}");
}

#[test]
fn a_user_changed_by_the_conversation_is_told() {
    require!();
    // Not pam_unix: it goes on reading the name that libpam has freed by then.
    let asks = "auth required pam_exec.so quiet expose_authtok /usr/bin/true\n";
    let stage = Stage::builder().stack("rig", &Stack::of(asks)).build();
    let change = Answer::ChangeUser("eve".to_owned(), "anything".to_owned());
    let outcome = stage.pam("rig").user("bob").answers([change]);
    assert_eq!(
        (outcome.authenticate(), outcome.user()),
        ("PAM_SUCCESS", Some("eve"))
    );
}

#[test]
fn names_resolve_as_the_stage_says() {
    require!();
    let stage = Stage::new();
    let look_up = || {
        let mut command = stage.command("/usr/bin/getent");
        command.env("RES_OPTIONS", "timeout:1 attempts:1");
        stage.run(command.args(["ahostsv4", "relay.example.org"]))
    };
    let there = Dns::start(&stage, Manner::Address(Ipv4Addr::new(127, 9, 9, 9)));
    assert!(look_up().success().stdout.contains("127.9.9.9"));
    assert!(there.queries() > 0);
    for manner in [Manner::Fail, Manner::Silent] {
        let dns = Dns::start(&stage, manner);
        assert!(!look_up().status.success());
        assert!(dns.queries() > 0, "{manner:?}");
    }
}
