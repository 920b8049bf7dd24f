//! The stage, the PAM client, the terminal and sshd, each against stock modules.

use std::fs;
use std::path::Path;
use std::sync::Barrier;
use std::thread;
use std::time::Duration;

use gatepost_tests::pam::Answer;
use gatepost_tests::pam::Call;
use gatepost_tests::pam::Style;
use gatepost_tests::pty::Pty;
use gatepost_tests::require;
use gatepost_tests::require::Need;
use gatepost_tests::sshd;
use gatepost_tests::sshd::Sshd;
use gatepost_tests::stack::Stack;
use gatepost_tests::stage::HOST_NAME;
use gatepost_tests::stage::SHELL_PROMPT;
use gatepost_tests::stage::Stage;
use gatepost_tests::syslog::AUTHPRIV;
use gatepost_tests::users::GUEST_PASSWORD;
use gatepost_tests::users::User;
use gatepost_tests::wait::SOON;

const SSHD: Need = Need::Program("/usr/sbin/sshd");

#[test]
fn a_right_password_gives_a_shell_over_ssh() {
    require!(SSHD);
    let stage = Stage::builder().stack("sshd", &Stack::unix()).build();
    let sshd = Sshd::start(&stage);
    sshd.login("alice")
        .password_of("alice")
        .expect_shell()
        .log_out();
}

#[test]
fn a_wrong_password_is_refused_over_ssh_and_logged() {
    require!(SSHD);
    let stage = Stage::builder().stack("sshd", &Stack::unix()).build();
    let sshd = Sshd::start(&stage);
    sshd.login("alice")
        .password("not-the-password")
        .expect_refusal();
    let line = stage.wait_for_syslog(SOON, |line| line.message.contains("authentication failure"));
    assert_eq!(line.facility, AUTHPRIV, "{line:?}");
    assert_eq!(line.program, "sshd", "{line:?}");
    assert!(
        sshd.wait_for_log("Failed keyboard-interactive/pam for alice", SOON),
        "{}",
        sshd.log()
    );
}

#[test]
fn a_key_and_a_permitting_stack_give_a_shell_a_denying_one_does_not() {
    require!(SSHD);
    let stage = Stage::builder().stack("sshd", &Stack::permit()).build();
    let key = sshd::authorise(&stage, "bob");
    let methods = "AuthenticationMethods publickey,keyboard-interactive\n";
    let sshd = Sshd::start_with(&stage, methods);
    let client = || {
        sshd.client("bob")
            .methods("publickey,keyboard-interactive")
            .identity(&key)
    };
    client().start().expect_shell().log_out();
    stage.stack("sshd", &Stack::deny());
    client().start().expect_refusal();
}

#[test]
fn a_login_from_another_loopback_address_has_another_source() {
    require!(SSHD);
    let stage = Stage::builder().stack("sshd", &Stack::unix()).build();
    let sshd = Sshd::start(&stage);
    let mut login = sshd.client("alice").from("127.0.0.7").start();
    login.password("not-the-password").expect_refusal();
    stage.wait_for_syslog(SOON, |line| line.message.contains("rhost=127.0.0.7"));
}

#[test]
fn su_and_sudo_work_at_a_terminal() {
    require!(Need::Program("/usr/bin/sudo"), Need::Program("/usr/bin/su"));
    let stage = Stage::builder()
        .stack("su", &Stack::unix())
        .stack("sudo", &Stack::unix())
        .file("/etc/sudoers.d/rig", "eve ALL=(ALL) ALL\n")
        .build();
    let as_eve = |arguments: &[&str]| {
        let mut command = stage.command("/usr/bin/setpriv");
        command
            .args(["--reuid=2005", "--regid=2005", "--clear-groups", "--"])
            .args(arguments);
        Pty::start(&stage, &command)
    };
    let mut su = as_eve(&["su", "bob", "-c", "id -un"]);
    su.wait_for("Password: ");
    assert!(su.wait_for_echo(false), "a password is typed hidden");
    su.send_line(User::password_of("bob")).wait_for("bob");
    assert!(su.wait_exit(SOON).success());
    let mut sudo = as_eve(&["sudo", "id", "-u"]);
    sudo.wait_for("password for eve: ")
        .send_line(User::password_of("eve"))
        .wait_for("\n0");
    assert!(sudo.wait_exit(SOON).success());
}

#[test]
fn login_works_at_a_terminal() {
    require!(Need::Program("/bin/login"));
    let stage = Stage::builder().stack("login", &Stack::unix()).build();
    let mut login = Pty::start(&stage, &stage.command("/bin/login"));
    login.wait_for("login: ").send_line("carol");
    login
        .wait_for("Password: ")
        .send_line(User::password_of("carol"));
    login.wait_for(SHELL_PROMPT).send_line("echo home-$HOME-");
    login.wait_for("home-/home/carol-").send_line("exit");
    assert!(login.wait_exit(SOON).success());
}

#[test]
fn ctrl_c_reaches_a_program_at_its_terminal() {
    require!();
    let stage = Stage::new();
    let mut command = stage.command("/bin/sh");
    command.args([
        "-c",
        "trap 'echo caught; exit 3' INT; echo ready; while :; do read line; done",
    ]);
    let mut shell = Pty::start(&stage, &command);
    shell.wait_for("ready").ctrl_c().wait_for("caught");
    assert_eq!(shell.wait_exit(SOON).code(), Some(3));
}

#[test]
fn a_pam_login_is_seen_message_by_message() {
    require!();
    let stage = Stage::builder().stack("rig", &Stack::unix()).build();
    let mut login = stage
        .pam("rig")
        .user("alice")
        .rhost("192.0.2.7")
        .whole_login()
        .start();
    let prompt = login.expect_prompt("Password: ");
    assert_eq!(prompt.style, Style::Hidden);
    login.answer(User::password_of("alice"));
    let outcome = login.finish().expect("PAM_SUCCESS");
    assert_eq!(outcome.code(Call::Setcred), "PAM_SUCCESS");
    assert_eq!(outcome.user(), Some("alice"));
    assert_eq!(
        outcome.messages(),
        [(Style::Hidden, "Password: ".to_owned())]
    );
}

#[test]
fn pam_codes_are_told_by_name() {
    require!();
    let stage = Stage::builder()
        .stack("rig-unix", &Stack::unix())
        .stack("rig-permit", &Stack::permit())
        .stack("rig-deny", &Stack::deny())
        .build();
    let code = |service: &str, answer: Answer| {
        stage
            .pam(service)
            .user("alice")
            .answers([answer])
            .authenticate()
            .to_owned()
    };
    assert_eq!(code("rig-permit", Answer::Fail), "PAM_SUCCESS");
    assert_eq!(code("rig-deny", Answer::Fail), "PAM_AUTH_ERR");
    assert_eq!(code("rig-unix", "wrong".into()), "PAM_AUTH_ERR");
    // pam_unix makes its own of a failed conversation.
    assert_eq!(code("rig-unix", Answer::Fail), "PAM_AUTHTOK_ERR");
    assert_eq!(
        code("rig-unix", Answer::Bytes(vec![0xff; 600])),
        "PAM_AUTH_ERR"
    );
}

#[test]
fn a_secret_in_the_log_is_a_broken_invariant() {
    require!();
    let broken = thread::spawn(|| {
        let stage = Stage::new();
        let mut command = stage.command("/usr/bin/logger");
        let _ = stage
            .run(command.args(["-p", "authpriv.info", User::password_of("eve")]))
            .success();
        stage.wait_for_syslog(SOON, |line| line.message.contains("eve-Pw"));
    });
    let panic = broken
        .join()
        .expect_err("a password in the log must be found");
    let text = panic.downcast_ref::<String>().expect("a text");
    assert!(text.contains("I5: the secret"), "{text}");
}

#[test]
fn a_second_factor_of_a_stock_module_is_asked_and_judged() {
    require!(Need::PamModule("pam_google_authenticator.so"));
    let auth = "auth requisite pam_unix.so nodelay\n\
                auth required pam_google_authenticator.so no_increment_hotp\n";
    let stage = Stage::builder().stack("rig", &Stack::of(auth)).build();
    // Scratch codes need no clock: the line of options must be there, the codes stand below it.
    let secret = "JBSWY3DPEHPK3PXP\n\" TOTP_AUTH\n12345678\n";
    stage.write_as("/home/alice/.google_authenticator", secret, 0o400);
    std::os::unix::fs::chown("/home/alice/.google_authenticator", Some(2001), Some(2001)).unwrap();
    let login = |code: &str| {
        // It calls closelog(3), and so takes its host's connection to syslog away.
        let mut login = stage.pam("rig").user("alice").may_change(&["fd 3"]).start();
        login.expect_prompt("Password: ");
        login.answer(User::password_of("alice"));
        login.expect_prompt("Verification code: ");
        login.answer(code);
        login.finish().authenticate().to_owned()
    };
    assert_eq!(login("87654321"), "PAM_AUTH_ERR");
    assert_eq!(login("12345678"), "PAM_SUCCESS");
    assert_eq!(
        login("12345678"),
        "PAM_AUTH_ERR",
        "a scratch code works once"
    );
}

#[test]
fn a_guest_of_any_name_can_log_in() {
    require!();
    let stage = Stage::builder()
        .guest("o'neil", 2101)
        .stack("rig", &Stack::unix())
        .build();
    stage
        .pam("rig")
        .user("o'neil")
        .answers([GUEST_PASSWORD])
        .expect("PAM_SUCCESS");
}

#[test]
fn two_stages_do_not_see_each_other() {
    require!();
    let both_wrote = Barrier::new(2);
    let seen: Vec<(bool, bool)> = thread::scope(|scope| {
        let threads = ["/etc/rig-first", "/etc/rig-second"].map(|path| {
            let both_wrote = &both_wrote;
            scope.spawn(move || {
                let stage = Stage::new();
                stage.write(path, "mine");
                both_wrote.wait();
                (
                    Path::new("/etc/rig-first").exists(),
                    Path::new("/etc/rig-second").exists(),
                )
            })
        });
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    });
    assert_eq!(seen, [(true, false), (false, true)]);
}

#[test]
fn the_host_is_left_as_it_was() {
    require!();
    let files = ["/etc/passwd", "/etc/shadow", "/etc/group", "/etc/hostname"];
    let look = || {
        let mounts = fs::read_to_string("/proc/thread-self/mounts").unwrap();
        let name = fs::read_to_string("/proc/sys/kernel/hostname").unwrap();
        (files.map(|path| fs::read(path).unwrap()), mounts, name)
    };
    let before = look();
    let stage = Stage::builder().stack("rig", &Stack::permit()).build();
    stage.write("/etc/passwd", "gone\n");
    stage.write("/usr/bin/rig-program", "");
    stage.write("/var/lib/rig/file", "");
    assert_eq!(
        fs::read_to_string("/proc/sys/kernel/hostname")
            .unwrap()
            .trim(),
        HOST_NAME
    );
    stage.finish();
    assert_eq!(look(), before);
    for path in [
        "/etc/pam.d/rig",
        "/usr/bin/rig-program",
        "/var/lib/rig",
        "/home/alice",
    ] {
        assert!(!Path::new(path).exists(), "{path} is left on the host");
    }
}

#[test]
fn what_a_test_leaves_running_ends_with_its_stage_even_when_it_panics() {
    require!();
    let (sender, receiver) = std::sync::mpsc::channel();
    let panicked = thread::spawn(move || {
        let stage = Stage::new();
        let mut command = stage.command("/bin/sh");
        // A daemon's way: the shell ends at once, its child lives on in a session of its own.
        let daemon = "setsid sleep 1000 >/dev/null 2>&1 & echo $!";
        let pid = stage.run(command.args(["-c", daemon])).success().stdout;
        sender.send(pid.trim().to_owned()).unwrap();
        panic!("on purpose");
    });
    let pid = receiver
        .recv_timeout(Duration::from_secs(30))
        .expect("the daemon's pid");
    assert!(panicked.join().is_err());
    let status = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    assert!(
        status.is_empty() || status.contains(") Z "),
        "the daemon lives: {status}"
    );
}

#[test]
fn the_stages_devices_are_few_and_work() {
    require!();
    let stage = Stage::new();
    let mut command = stage.command("/bin/ls");
    let listing = stage.run(command.arg("/dev")).success().stdout;
    let names: Vec<&str> = listing.split_whitespace().collect();
    let wanted = [
        "fd", "full", "log", "null", "ptmx", "pts", "random", "shm", "stderr", "stdin", "stdout",
        "tty", "urandom", "zero",
    ];
    assert_eq!(names, wanted);
    assert_eq!(fs::read("/dev/null").unwrap(), b"");
}
