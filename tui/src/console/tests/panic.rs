//! A panic of the console's own, on a real terminal. Nothing that a person types or that lies in a store is
//! known to provoke one, and what ships has no switch for it. So the loop, its screen, its hook and its
//! workers are run here as they are, in a process of their own with a pty for a terminal, and what is made
//! to panic is what a test hands them: the clock, or a thread beside it.

use std::fs::File;
use std::io::{IsTerminal, Read};
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::process::{Command, ExitStatus};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, Sender};
use std::thread;
use std::time::Duration;

use gatepost_shared::admin::{Called, operator};
use rustix::pty::{OpenptFlags, grantpt, ioctl_tiocgptpeer, openpt, unlockpt};
use rustix::termios::{LocalModes, Termios, Winsize, tcgetattr, tcsetwinsize};

use super::super::app::{App, Ending};
use super::super::event::{self, Event};
use super::super::look::Look;
use super::super::model::Model;
use super::super::terminal::Screen;
use super::super::work::{Opener, Workers};

/// What a played console says when it panics.
const WORDS: &str = "the sky is falling";
/// How long a played console may take.
const SOON: Duration = Duration::from_secs(30);

/// Runs a console as `console::run` does, with that clock; `beside` has what another thread would have.
fn play(clock: &dyn Fn() -> u64, beside: impl FnOnce(&Sender<Event>)) -> Option<Ending> {
    if !std::io::stdout().is_terminal() {
        return None;
    }
    let called = Called {
        sudo_uid: None,
        other: None,
    };
    let open = Opener {
        conf: Some(PathBuf::from("/nowhere/gatepost.toml")),
        operator: operator(called.clone()).unwrap(),
        own: None,
        called,
    };
    let (sender, events) = mpsc::channel();
    let screen = Screen::take().unwrap();
    let model = Model::new(
        "host01".into(),
        "root".into(),
        Look::default(),
        screen.size(),
    );
    let workers = Workers::start(open, &sender, true).unwrap();
    let gate = event::listen(&sender).unwrap();
    beside(&sender);
    drop(sender);
    let app = App {
        model,
        screen,
        workers,
        events: &events,
        clock,
        editor: &|_text| Ok(None),
        gate: &gate,
    };
    Some(app.run().unwrap())
}

#[test]
#[ignore = "it panics: the test below starts it on a terminal of its own"]
fn plays_a_loop_that_panics() {
    let asked = AtomicU64::new(0);
    let clock = || {
        // The first time is before anything is drawn.
        let times = asked.fetch_add(1, Ordering::Relaxed);
        assert!(times == 0, "{WORDS}");
        times
    };
    play(&clock, |_events| {});
}

#[test]
#[ignore = "it panics: the test below starts it on a terminal of its own"]
fn plays_a_thread_that_panics() {
    let beside = |events: &Sender<Event>| {
        let events = events.clone();
        let named = thread::Builder::new().name("watch".to_owned());
        let watch = named.spawn(move || {
            let named = thread::Builder::new().name("lists".to_owned());
            let panics = named.spawn(|| panic!("{WORDS}")).unwrap();
            assert!(panics.join().is_err());
            // Something else happened meanwhile, which would be drawn.
            events.send(Event::Size(80, 24)).unwrap();
            let (_never, nothing) = mpsc::channel::<()>();
            let _a_while = nothing.recv_timeout(Duration::from_millis(300));
            events.send(Event::Lost(String::new())).unwrap();
        });
        watch.unwrap();
    };
    let ending = play(&|| 0, beside);
    assert!(matches!(ending, Some(Ending::Lost(_))), "{ending:?}");
}

/// A console that was played: what its terminal got, and what its modes were before and are after.
struct Played {
    bytes: String,
    before: Termios,
    after: Termios,
    status: ExitStatus,
}

#[expect(
    clippy::disallowed_methods,
    reason = "this very test program, on a terminal of its own"
)]
fn played(name: &str) -> Played {
    let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
    let master = openpt(flags).unwrap();
    grantpt(&master).unwrap();
    unlockpt(&master).unwrap();
    let slave: OwnedFd = ioctl_tiocgptpeer(&master, flags).unwrap();
    let size = Winsize {
        ws_row: 24,
        ws_col: 80,
        ws_xpixel: 0,
        ws_ypixel: 0,
    };
    tcsetwinsize(&master, size).unwrap();
    let before = tcgetattr(&master).unwrap();
    let end = || slave.try_clone().unwrap();
    let mut child = Command::new("/usr/bin/setsid")
        .args(["--ctty", "--wait"])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", name, "--ignored", "--nocapture"])
        .env_clear()
        .env("TERM", "xterm-256color")
        .stdin(end())
        .stdout(end())
        .stderr(end())
        .spawn()
        .unwrap();
    let (told, heard) = mpsc::channel();
    let mut reader = File::from(master.try_clone().unwrap());
    let read = move || {
        let mut chunk = [0; 4096];
        while let Ok(length @ 1..) = reader.read(&mut chunk) {
            let bytes = chunk.get(..length).unwrap_or_default();
            if told.send(bytes.to_vec()).is_err() {
                return;
            }
        }
    };
    thread::Builder::new().spawn(read).unwrap();
    let mut bytes = Vec::new();
    // What libtest says last.
    while !String::from_utf8_lossy(&bytes).contains("test result: ") {
        let more = heard.recv_timeout(SOON);
        bytes.extend(more.unwrap_or_else(|_late| {
            let _gone = child.kill();
            panic!("no end in {:?}", String::from_utf8_lossy(&bytes))
        }));
    }
    let status = child.wait().unwrap();
    Played {
        bytes: String::from_utf8_lossy(&bytes).into_owned(),
        before,
        after: tcgetattr(&master).unwrap(),
        status,
    }
}

// Mutants: no hook is set; it does not give the terminal back, or tells the panic first; the modes, the cursor,
// the mouse or pastes stay ours; the terminal is given back a second time; a picture is drawn after it.
#[test]
fn a_panic_is_told_on_the_terminal_as_it_was() {
    for (name, fails) in [
        ("plays_a_loop_that_panics", true),
        ("plays_a_thread_that_panics", false),
    ] {
        let of = module_path!().split_once("::").unwrap().1;
        let Played {
            bytes,
            before,
            after,
            status,
        } = played(&format!("{of}::{name}"));
        assert_eq!(!status.success(), fails, "{name}: {bytes}");
        let places = |what: &str| -> Vec<usize> {
            let found = bytes.match_indices(what);
            found.map(|(at, _)| at).collect()
        };
        let told = bytes
            .find(WORDS)
            .unwrap_or_else(|| panic!("{name}: not told in {bytes:?}"));
        for (taken, given) in [
            // The other screen, the cursor, pastes.
            ("\u{1b}[?1049h", "\u{1b}[?1049l"),
            ("\u{1b}[?25l", "\u{1b}[?25h"),
            ("\u{1b}[?2004h", "\u{1b}[?2004l"),
        ] {
            let (taken, given) = (places(taken), places(given));
            let last = taken.last().unwrap_or_else(|| panic!("{name}: {bytes:?}"));
            let [given] = given.as_slice() else {
                panic!("{name}: given back {given:?} in {bytes:?}")
            };
            assert!(last < given && *given < told, "{name}: {bytes:?}");
        }
        assert!(
            places("\u{1b}[?1000l").iter().all(|off| *off < told),
            "{name}: {bytes:?}"
        );
        let (seen, after_it) = bytes.split_at(told);
        assert!(seen.contains("Home") || !fails, "{name}: {bytes:?}");
        assert!(!after_it.contains("Home"), "{name}: {bytes:?}");
        for modes in [LocalModes::ICANON, LocalModes::ECHO, LocalModes::ISIG] {
            assert!(after.local_modes.contains(modes), "{name}: {after:?}");
        }
        assert_eq!(after.local_modes, before.local_modes, "{name}");
        assert_eq!(after.input_modes, before.input_modes, "{name}");
        assert_eq!(after.output_modes, before.output_modes, "{name}");
    }
}
