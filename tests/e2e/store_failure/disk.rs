//! Disks that are full, read-only, of the wrong kind, or whose write lock another one holds.

use std::fs;
use std::io::Write;
use std::time::Duration;

use gatepost_tests::require;
use gatepost_tests::stage::Stage;

use super::FOLDER;
use super::lets_alice_in;
use super::refuses_everybody;
use super::stage;

/// Moves the store onto a new file system of this type, mounted on the stage alone.
fn move_to(stage: &Stage, kind: &str, options: &str) {
    stage.wait_for_quiet();
    stage.store().checkpoint();
    let kept = "/var/lib/kept";
    stage.does(&["/bin/cp", "-a", FOLDER, kept]);
    stage.does(&["/bin/mount", "-t", kind, "-o", options, kind, FOLDER]);
    stage.does(&["/bin/cp", "-a", &format!("{kept}/."), FOLDER]);
}

const FILLER: &str = "/var/lib/gatepost/filler";

/// Writes until nothing more fits.
fn fill() {
    let mut filler = fs::File::create(FILLER).unwrap();
    for size in [4096, 1] {
        while filler.write_all(&vec![b'x'; size]).is_ok() {}
    }
}

// Mutant: Store::count_guess and consume go on where their commit failed: the right code opens on a full
// disk.
#[test]
fn disk_full_tmpfs() {
    require!();
    let (stage, sink) = stage();
    move_to(&stage, "tmpfs", "size=2m,mode=0700");
    lets_alice_in(&stage, &sink);
    fill();
    refuses_everybody(
        &stage,
        "no space is left: free some, nothing else is needed",
    );
    assert_eq!(
        super::faults(&stage).last().map(|line| line.severity),
        Some(2)
    );
    fs::remove_file(FILLER).unwrap();
    lets_alice_in(&stage, &sink);

    // Full while somebody is at the prompt, with the right code in hand.
    stage.store().refill_budgets();
    let before = sink.mails().len();
    let client = stage.pam("rig").user("alice").rhost("192.0.2.7");
    let mut login = client.without_failure_delay().start();
    login.code_prompt();
    let code = sink
        .wait_for_mail(before + 1, gatepost_tests::wait::SOON)
        .code();
    stage.wait_for_deliveries(3);
    fill();
    login.answer(code.as_str());
    login.finish().expect("PAM_AUTHINFO_UNAVAIL");
    fs::remove_file(FILLER).unwrap();
    // The code is still as good as it was.
    let client = stage.pam("rig").user("alice").rhost("192.0.2.7");
    let mut login = client.without_failure_delay().start();
    let prompt = login.code_prompt();
    assert!(prompt.text.contains("code already sent to"), "{prompt:?}");
    login.answer(code.as_str());
    login.finish().expect("PAM_SUCCESS");
}

// Mutant: a store whose -wal cannot be made is read without one.
#[test]
fn inode_full() {
    require!();
    let (stage, sink) = stage();
    move_to(&stage, "tmpfs", "size=8m,nr_inodes=12,mode=0700");
    let mut fillers = Vec::new();
    for number in 0..20 {
        let path = format!("{FILLER}{number}");
        if fs::write(&path, "").is_ok() {
            fillers.push(path);
        }
    }
    assert!(fillers.len() < 20, "the file system has no limit");
    refuses_everybody(&stage, "opening the store: ");
    for path in fillers {
        fs::remove_file(path).unwrap();
    }
    lets_alice_in(&stage, &sink);
}

// Mutant: Store::connect falls back to opening read-only.
#[test]
fn remount_ro() {
    require!();
    let (stage, sink) = stage();
    move_to(&stage, "tmpfs", "size=8m,mode=0700");
    lets_alice_in(&stage, &sink);
    stage.does(&["/bin/mount", "-o", "remount,ro", FOLDER]);
    refuses_everybody(&stage, "the file system is read-only: remount it rw");
    stage.does(&["/bin/mount", "-o", "remount,rw", FOLDER]);
    lets_alice_in(&stage, &sink);
}

// Mutant: TRUSTED_FILE_SYSTEMS becomes a list of those that are refused; or check_file_system is not
// called. The names of NFS, SMB, 9p and FUSE are a unit test's; ramfs is on no list and is at hand.
#[test]
fn fs_magic_refuse_nfs() {
    require!();
    let (stage, sink) = stage();
    move_to(&stage, "ramfs", "mode=0700");
    refuses_everybody(
        &stage,
        "where SQLite cannot lock safely: move it to a local disk",
    );
    stage.does(&["/bin/umount", FOLDER]);
    lets_alice_in(&stage, &sink);
}

// Mutant: store::prepare sets no busy handler, or one that never gives up.
#[test]
fn busy_hold_10s() {
    require!();
    let (stage, sink) = stage();
    let words = "another process held the store for over 2 s";
    stage.wait_for_quiet();
    let lock = stage.store().hold();
    let client = stage.pam("rig").user("alice").rhost("192.0.2.7");
    let outcome = client.without_failure_delay().answers([""; 0]);
    let waited = outcome.expect("PAM_AUTHINFO_UNAVAIL").duration();
    let bounds = Duration::from_millis(1800)..Duration::from_secs(6);
    assert!(bounds.contains(&waited), "{waited:?}");
    assert!(
        super::faults(&stage)
            .iter()
            .all(|line| line.message.contains(words))
    );
    drop(lock);

    // While somebody is at the prompt, with the right code in hand.
    let before = sink.mails().len();
    let client = stage.pam("rig").user("alice").rhost("192.0.2.7");
    let mut login = client.without_failure_delay().start();
    login.code_prompt();
    let code = sink
        .wait_for_mail(before + 1, gatepost_tests::wait::SOON)
        .code();
    stage.wait_for_deliveries(1);
    let lock = stage.store().hold();
    login.answer(code.as_str());
    let outcome = login.finish().expect("PAM_AUTHINFO_UNAVAIL");
    assert!(
        outcome.duration() < Duration::from_secs(20),
        "{}",
        outcome.report()
    );
    drop(lock);
    let client = stage.pam("rig").user("alice").rhost("192.0.2.7");
    let mut login = client.without_failure_delay().start();
    login.code_prompt();
    login.answer(code.as_str());
    login.finish().expect("PAM_SUCCESS");
}

// Mutant: as for busy_hold_10s, or a retry around the whole login that waits again and again.
#[test]
fn a_lock_that_is_let_go_in_time_costs_a_login_only_time() {
    require!();
    let (stage, sink) = stage();
    stage.wait_for_quiet();
    let lock = stage.store().hold();
    let client = stage.pam("rig").user("alice").rhost("192.0.2.7");
    let mut login = client.without_failure_delay().start();
    stage.wait_for_process("gatepost-helper");
    drop(lock);
    login.code_prompt();
    login.answer(sink.next_mail(gatepost_tests::wait::SOON).code());
    login.finish().expect("PAM_SUCCESS");
    stage.expect_conversations(1);
}
