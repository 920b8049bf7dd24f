//! What is in a helper's memory while a person is asked: neither the code that was mailed, nor a code
//! that was typed, nor the relay's password. A core, a swapped page or a debugger would find them there.

use std::fs;
use std::fs::File;
use std::os::unix::fs::FileExt;

use gatepost_tests::config::Config;
use gatepost_tests::mailbox::Mailbox;
use gatepost_tests::require;
use gatepost_tests::smtp::Encryption;
use gatepost_tests::smtp::Sink;
use gatepost_tests::stack::Stack;
use gatepost_tests::stage::Stage;

const RELAY_PASSWORD: &str = "xk7-relay-secret-9Q";

/// All that a process has written to its memory: the mappings that it may write.
fn memory(pid: u32) -> Vec<u8> {
    let maps = fs::read_to_string(format!("/proc/{pid}/maps")).unwrap();
    let memory = File::open(format!("/proc/{pid}/mem")).unwrap();
    let mut all = Vec::new();
    for line in maps.lines() {
        let mut words = line.split_whitespace();
        let (range, modes) = (words.next().unwrap(), words.next().unwrap());
        if !modes.starts_with("rw") {
            continue;
        }
        let (start, end) = range.split_once('-').unwrap();
        let [start, end] = [start, end].map(|text| u64::from_str_radix(text, 16).unwrap());
        let mut bytes = vec![0; usize::try_from(end - start).unwrap()];
        // The kernel's own pages cannot be read.
        if memory.read_exact_at(&mut bytes, start).is_ok() {
            all.extend(bytes);
        }
    }
    all
}

fn holds(memory: &[u8], text: &str) -> bool {
    memory
        .windows(text.len())
        .any(|window| window == text.as_bytes())
}

// Mutants: the frame for the sender is not wiped after it was handed over; Code or the answer's frame is
// a plain String; the relay's password is kept.
#[test]
fn no_secret_in_core() {
    require!();
    let sink = Sink::with_password(Encryption::StartTls, "gatepost", RELAY_PASSWORD);
    let stage = Stage::builder()
        .product(Config::to(&sink))
        .enrol("alice", "alice@example.org")
        .stack("rig", &Stack::module(""))
        .build();
    let mut login = stage.pam("rig").user("alice").rhost("192.0.2.7").start();
    let prompt = login.code_prompt();
    let code = Mailbox::of(&sink).code_for(&prompt.text);
    stage.wait_for_deliveries(1);
    let guess = "73519264";
    login.tries(guess);
    let helper = stage.wait_for_process("gatepost-helper");
    let memory = memory(helper.pid);
    // It is the memory of the one that asks: the account is in it.
    assert!(holds(&memory, "alice@example.org") || holds(&memory, "alice"));
    let (first, second) = code.split_at(4);
    for secret in [&*code, &format!("{first} {second}"), guess, RELAY_PASSWORD] {
        assert!(
            !holds(&memory, secret),
            "{secret} is in the helper's memory"
        );
    }
    login.answer(code);
    login.finish().expect("PAM_SUCCESS");
}
