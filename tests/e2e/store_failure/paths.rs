//! Who may write where the store lies, what lies there instead, and what the helper opens at all.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::fs::chown;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::time::Duration;

use gatepost_tests::product::STORE;
use gatepost_tests::require;
use gatepost_tests::require::Need;
use gatepost_tests::wait::SOON;

use super::FOLDER;
use super::files;
use super::lets_alice_in;
use super::refuses_everybody;
use super::stage;
use super::try_as;

fn set_mode(path: &str, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn mode_of(path: &str) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

/// Empty files beside the store, as a writer leaves them, and the modes as they should be.
fn lay_out() {
    for path in &files()[1..] {
        fs::write(path, "").unwrap();
    }
    for path in files() {
        set_mode(&path, 0o600);
    }
    set_mode(FOLDER, 0o700);
}

// Mutant: files::check_database skips the companions; check_mode bans 0o022 alone; check_owner is left
// out of check_directory.
#[test]
fn db_perm_matrix() {
    require!();
    let (stage, sink) = stage();
    stage.store_is_broken_on_purpose();
    stage.wait_for_quiet();
    let mut denied = 0;
    for umask in [0o000, 0o777] {
        let check = |path: &str, mode: u32| {
            for user in ["alice", "carol"] {
                let client = stage.pam("rig").user(user).umask(umask);
                let outcome = client.without_failure_delay().answers(["00000000"]);
                let outcome = outcome.expect("PAM_AUTHINFO_UNAVAIL");
                assert_eq!(outcome.messages(), [], "{path} {mode:o}");
            }
            assert_eq!(mode_of(path), mode, "{path} was mended");
        };
        lay_out();
        for path in files() {
            for mode in [0o640, 0o620, 0o604, 0o602, 0o644, 0o666] {
                set_mode(&path, mode);
                check(&path, mode);
                denied += 1;
            }
            set_mode(&path, 0o600);
        }
        for mode in [0o720, 0o702, 0o770, 0o777, 0o1777, 0o2770] {
            set_mode(FOLDER, mode);
            check(FOLDER, mode);
            denied += 1;
        }
        set_mode(FOLDER, 0o700);
    }
    assert_eq!(denied, 48);
    for path in files()
        .into_iter()
        .chain([FOLDER.to_owned(), "/var/lib".to_owned()])
    {
        chown(&path, Some(2005), None).unwrap();
        refuses_everybody(&stage, "belongs to uid 2005: chown root");
        chown(&path, Some(0), None).unwrap();
    }
    lay_out();
    lets_alice_in(&stage, &sink);
}

// Mutant: files::open_trusted without NOFOLLOW, without NONBLOCK (the FIFO hangs), without the check of
// st_nlink or of the file's kind.
#[test]
fn db_symlink_matrix() {
    require!();
    let (stage, sink) = stage();
    stage.store_is_broken_on_purpose();
    stage.wait_for_quiet();
    stage.store().checkpoint();
    let canary = "/var/lib/canary";
    let kept = fs::read(STORE).unwrap();
    for path in files().into_iter().chain([format!("{STORE}-journal")]) {
        let at_the_store = path == STORE;
        for kind in [
            "symlink",
            "hard link",
            "dangling",
            "fifo",
            "folder",
            "socket",
        ] {
            for left in files().into_iter().chain([format!("{STORE}-journal")]) {
                let _ = fs::remove_file(&left);
            }
            stage.write_as(canary, "", 0o600);
            fs::write(canary, &kept).unwrap();
            if !at_the_store {
                fs::write(STORE, &kept).unwrap();
                set_mode(STORE, 0o600);
            }
            match kind {
                "symlink" => symlink(canary, &path).unwrap(),
                "hard link" => fs::hard_link(canary, &path).unwrap(),
                "dangling" => symlink("/var/lib/nowhere", &path).unwrap(),
                "fifo" => stage.does(&["/usr/bin/mkfifo", "-m", "600", &path]),
                "folder" => fs::create_dir(&path).unwrap(),
                _ => drop(UnixListener::bind(&path).unwrap()),
            }
            for user in ["alice", "carol"] {
                let outcome = try_as(&stage, user).expect("PAM_AUTHINFO_UNAVAIL");
                assert!(outcome.duration() < Duration::from_secs(5), "{path} {kind}");
                assert_eq!(outcome.messages(), [], "{path} {kind}");
            }
            assert_eq!(
                fs::read(canary).unwrap(),
                kept,
                "{path} {kind}: written through"
            );
            assert!(
                !fs::exists("/var/lib/nowhere").unwrap(),
                "{path}: created through a link"
            );
            if kind == "folder" {
                fs::remove_dir(&path).unwrap();
            } else {
                fs::remove_file(&path).unwrap();
            }
        }
    }
    fs::remove_file(canary).unwrap();
    fs::write(STORE, &kept).unwrap();
    set_mode(STORE, 0o600);
    // The folder itself.
    let moved = "/var/lib/moved";
    fs::rename(FOLDER, moved).unwrap();
    symlink(moved, FOLDER).unwrap();
    refuses_everybody(&stage, &format!("{FOLDER} is a symbolic link"));
    fs::remove_file(FOLDER).unwrap();
    fs::rename(moved, FOLDER).unwrap();
    lets_alice_in(&stage, &sink);
}

// Mutant: Store::open with SQLITE_OPEN_CREATE and files::check_database that lets a missing file pass.
#[test]
fn db_deleted_denies() {
    require!();
    let (stage, sink) = stage();
    stage.store_is_broken_on_purpose();
    stage.wait_for_quiet();
    stage.store().checkpoint();
    let kept = "/var/lib/gatepost/kept.db";
    // Before a login.
    fs::rename(STORE, kept).unwrap();
    for _ in 0..2 {
        refuses_everybody(&stage, "gatepost.db does not exist: run gatepost setup");
        assert!(!fs::exists(STORE).unwrap(), "the store was made anew");
    }
    fs::rename(kept, STORE).unwrap();
    // While somebody is at the prompt: nobody who comes later gets in, and no file is made.
    let client = stage.pam("rig").user("alice").rhost("192.0.2.7");
    let mut login = client.without_failure_delay().start();
    login.code_prompt();
    stage.wait_for_deliveries(1);
    fs::rename(STORE, kept).unwrap();
    refuses_everybody(&stage, "does not exist");
    login.tries("00000000");
    login.hang_up();
    login.finish();
    stage.wait_for_quiet();
    assert!(!fs::exists(STORE).unwrap(), "the store was made anew");
    // Gone for good: the code in the mail opens nothing that is to come.
    fs::rename(kept, STORE).unwrap();
    lets_alice_in(&stage, &sink);
    fs::remove_file(STORE).unwrap();
    refuses_everybody(&stage, "does not exist");
    assert!(!fs::exists(STORE).unwrap(), "the store was made anew");
}

/// What a login of ours may open, look at or run: by prefix.
const EXPECTED: [&str; 31] = [
    // Starting a program.
    "/etc/ld.so.",
    "/etc/suid-debug",
    "/lib/x86_64-linux-gnu/",
    "/lib/aarch64-linux-gnu/",
    "/usr/lib/x86_64-linux-gnu/",
    "/usr/lib/aarch64-linux-gnu/",
    "/lib64/",
    "/usr/libexec/gatepost",
    // What the kernel says of the process and of the machine.
    "/proc/",
    "/sys/fs/cgroup",
    "/sys/kernel/mm/transparent_hugepage",
    "/sys/devices/system/cpu",
    "/dev/null",
    "/dev/log",
    "/dev/urandom",
    // Who somebody is, where a relay is, what time it is there.
    "/etc/nsswitch.conf",
    "/etc/passwd",
    "/etc/group",
    "/etc/resolv.conf",
    "/etc/hosts",
    "/etc/host.conf",
    "/etc/gai.conf",
    "/etc/localtime",
    "/usr/share/zoneinfo",
    "/usr/share/lib/zoneinfo",
    "/etc/zoneinfo",
    "/etc/timezone",
    "/run/nscd",
    "/var/run/nscd/",
    // Ours.
    "/etc/gatepost/",
    "/run/gatepost",
];

// Mutant: the store opened by a path below the caller's HOME or TMPDIR; temp_store left at FILE shows
// only where SQLite spills.
#[test]
fn strace_only_expected_paths() {
    require!(Need::Program("/usr/bin/strace"));
    let (stage, sink) = stage();
    stage.trace_helper(&["-f", "-y", "-s", "4096", "-e", "trace=%file"]);
    let mut client = stage.pam("traced").user("alice").rhost("192.0.2.7");
    for name in ["HOME", "TMPDIR", "SQLITE_TMPDIR", "XDG_CONFIG_HOME", "PWD"] {
        client = client.environment(name, "/home/eve");
    }
    let mut login = client.started_by(2005).start();
    login.code_prompt();
    let code = sink.next_mail(SOON).code();
    login.tries("00000000");
    login.answer(code);
    login.finish().expect("PAM_SUCCESS");
    stage.wait_for_quiet();
    let trace = stage.trace();
    let paths = paths_in(&trace);
    // The folders on the way are looked at too.
    let folders = [
        "",
        "/",
        "/var",
        "/var/lib",
        FOLDER,
        "/etc",
        "/etc/gatepost",
        "/usr",
        "/usr/libexec",
        "/run",
    ];
    let unexpected: Vec<&String> = paths
        .iter()
        .filter(|path| !folders.contains(&path.as_str()))
        .filter(|path| !path.starts_with(STORE))
        .filter(|path| !EXPECTED.iter().any(|prefix| path.starts_with(prefix)))
        .collect();
    assert_eq!(unexpected, Vec::<&String>::new());
    for wanted in [STORE, "/etc/gatepost/gatepost.toml", "/etc/gatepost/key"] {
        assert!(
            paths.contains(wanted),
            "no {wanted} in the trace: {paths:?}"
        );
    }
    stage.expect_conversations(1);
}

/// All paths that a trace of strace's `%file` with `-y` names, steps from an open folder written out.
fn paths_in(trace: &str) -> BTreeSet<String> {
    let mut paths = BTreeSet::new();
    for line in trace.lines() {
        // The first string is the path, the arguments of execve behind it are none.
        let Some((call, rest)) = line.split_once('"') else {
            continue;
        };
        let path = rest.split('"').next().unwrap_or_default();
        // `openat(7</etc>, "gatepost"`
        let folder = call
            .rsplit_once('<')
            .and_then(|(_, at)| at.split('>').next());
        paths.insert(match folder {
            Some(folder) if !path.starts_with('/') => {
                let folder = folder.trim_end_matches('/');
                format!("{folder}/{path}").trim_end_matches('/').to_owned()
            }
            Some(_) | None => path.to_owned(),
        });
    }
    paths
}
