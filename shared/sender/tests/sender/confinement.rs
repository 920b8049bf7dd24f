//! Who the sender runs as, what it may use, and relays that flood or stall.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use gatepost_words::job::Outcome;
use gatepost_words::time::Span;
use gatepost_words::wire;

use crate::relay::Relay;
use crate::sender::{decode, finish, instruct, job, run, spawn, start};

#[test]
fn root_is_refused_before_a_byte_is_read() {
    if !rustix::process::geteuid().is_root() {
        println!("SKIPPED: needs root to try it as root");
        return;
    }
    let child = Command::new(env!("CARGO_BIN_EXE_gatepost-sender"))
        .uid(0)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let (out, err, status) = finish(child);
    assert!(out.is_empty());
    assert_eq!(
        err,
        "gatepost-sender: refusing to run as root: it is started as the user gatepost\n"
    );
    assert_eq!(status.code(), Some(1));
}

#[test]
fn everything_it_does_not_need_is_given_up() {
    let running = Relay::saying(&[("EHLO", "STALL")]).start();
    let mut child = start();
    let job = job(running.port);
    instruct(&mut child, &job);
    // The relay's line tells that the sender is past its start.
    while running.lines() == 0 {
        assert!(child.try_wait().unwrap().is_none(), "it ended");
        std::thread::yield_now();
    }
    let read = |name: &str| fs::read_to_string(format!("/proc/{}/{name}", child.id())).unwrap();
    let limits = read("limits");
    for (name, most) in [
        ("Max address space", "134217728"),
        ("Max core file size", "0"),
        ("Max cpu time", "30"),
        ("Max file size", "0"),
        ("Max open files", "32"),
        ("Max processes", "0"),
    ] {
        let line = limits.lines().find(|line| line.starts_with(name)).unwrap();
        let values: Vec<_> = line.trim_start_matches(name).split_whitespace().collect();
        assert_eq!(values[..2], [most, most], "{line}");
    }
    let status = read("status");
    assert!(status.contains("NoNewPrivs:\t1"), "{status}");
    assert!(status.contains("Threads:\t1"), "{status}");
    assert!(status.contains("Umask:\t0077"), "{status}");
    // The kernel gives the files of what cannot be traced to root.
    let environ = fs::metadata(format!("/proc/{}/environ", child.id())).unwrap();
    assert_eq!(environ.uid(), 0);
    child.kill().unwrap();
    child.wait().unwrap();
    running.seen();
}

#[test]
fn a_flood_without_a_newline_is_cut_short_in_little_memory() {
    for stage in ["GREETING", "EHLO", "MAIL"] {
        let running = Relay::saying(&[(stage, "FLOOD")]).start();
        let report = run(&job(running.port));
        assert_eq!(report.outcome, Outcome::Connection);
        assert!(
            report.reply.ends_with("a line without an end"),
            "{report:?}"
        );
        running.seen();
    }
}

#[test]
fn an_endless_reply_is_cut_short() {
    let endless: &'static str = "250-and\r\n".repeat(100_000).leak();
    let running = Relay::saying(&[("EHLO", endless)]).start();
    let report = run(&job(running.port));
    assert_eq!(report.outcome, Outcome::Connection);
    assert!(report.reply.ends_with("an endless reply"), "{report:?}");
    running.seen();
}

// Mutants: the deadline is not set by the job, or its timer sends a signal that can be ignored.
#[test]
fn a_sender_that_nobody_ends_ends_itself() {
    for stage in ["GREETING", "EHLO", "."] {
        let running = Relay::saying(&[(stage, "DRIP")]).start();
        // As it is with a helper that was killed, of a host that ignores each signal that it can.
        let mut child = spawn(
            Command::new("/usr/bin/env")
                .args(["--ignore-signal", env!("CARGO_BIN_EXE_gatepost-sender")]),
        );
        let mut job = job(running.port);
        job.relay.time = Span::from_millis(500);
        let begun = Instant::now();
        instruct(&mut child, &job);
        let (out, _err, status) = finish(child);
        assert_eq!(
            (out.as_slice(), status.signal()),
            ([].as_slice(), Some(9)),
            "{stage}"
        );
        let took = begun.elapsed();
        assert!(
            (Duration::from_millis(1500)..Duration::from_secs(5)).contains(&took),
            "{stage}: {took:?}"
        );
        running.seen();
    }
}

#[test]
fn what_is_no_job_is_reported() {
    let [low, high] = (wire::PROTOCOL + 1).to_le_bytes();
    let [good_low, good_high] = wire::PROTOCOL.to_le_bytes();
    let cases: [(&[u8], &str); 4] = [
        (b"", "no job could be read: "),
        (
            &[0, 0, 0, 0, low, high],
            "no job could be read: the other side speaks protocol",
        ),
        (
            &[255, 255, 0, 0, good_low, good_high],
            "no job could be read: a frame of 65535 bytes",
        ),
        (
            &[1, 0, 0, 0, good_low, good_high, 7],
            "no job could be read: a frame that cannot be",
        ),
    ];
    for (bytes, says) in cases {
        let mut child = start();
        std::io::Write::write_all(&mut child.stdin.take().unwrap(), bytes).unwrap();
        let (out, err, status) = finish(child);
        assert_eq!((err.as_str(), status.code()), ("", Some(0)));
        let report = decode(&out);
        assert_eq!(report.outcome, Outcome::Message);
        assert!(report.reply.starts_with(says), "{report:?}");
    }
}
