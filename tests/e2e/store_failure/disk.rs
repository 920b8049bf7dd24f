//! Disks that are full, read-only or of the wrong kind.

use std::fs;
use std::io::Write;

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
// called. ramfs stands for NFS, SMB, 9p and FUSE: it is on no list, and at hand on every machine.
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
