//! The console over a million accounts and ten million events, as somebody at its terminal sees it:
//! until it is there, a cursor move, a page, a filter's keystrokes, and what it holds in memory.
//!
//! Times are from the byte that is typed to the last byte of the frame that answers it.

use std::fs;
use std::time::Duration;

use serde_json::Value;
use serde_json::json;

use crate::bench::goals::Figure;
use crate::bench::options::Options;
use crate::bench::rig::Rig;
use crate::bench::rig::Service;
use crate::bench::statistics::median;
use crate::bench::statistics::percentile;
use crate::screen::Screen;

/// How many events the store has in the end.
const EVENTS: u32 = 10_000_000;
/// Rows and columns of the terminal.
const SIZE: (u16, u16) = (48, 160);
const PATIENCE: Duration = Duration::from_mins(1);
/// As long as nothing may be drawn when nothing happens.
const IDLE: Duration = Duration::from_secs(3);

/// Measures.
pub(crate) fn measure(rig: &mut Rig, options: &Options) -> Vec<Figure> {
    rig.seed();
    rig.store(Service::Many).seed_events(EVENTS);
    let starts = (options.runs / 10).clamp(5, 20);
    let paints: Vec<f64> = (0..starts).map(|_| first_paint(rig)).collect();

    let mut screen = open(rig, "users");
    screen.shows("bench00");
    let moves = times(options.runs, |_| press(&mut screen, "j"));
    let pages = times(options.runs, |_| until_moved(&mut screen));
    let ends = times(10, |turn| {
        let (key, row) = if turn % 2 == 0 {
            ("G", LAST)
        } else {
            ("g", FIRST)
        };
        until(&mut screen, key, row)
    });
    let filters: Vec<(&str, Vec<f64>)> = FILTERS
        .into_iter()
        .map(|(typed, shows)| (typed, keystrokes(&mut screen, typed, shows)))
        .collect();
    press(&mut screen, "4");
    screen.shows("decision");
    let events = times(options.runs, |_| until_moved(&mut screen));
    let drawn_idle = idle(&mut screen);
    let memory = peak_memory(screen.pid());
    let all_moves = moves.iter().chain(&pages).chain(&events).copied();
    vec![
        Figure {
            key: "console_first_paint_ms",
            measured: median(paints.iter().copied()),
            detail: spread(&paints),
        },
        Figure {
            key: "console_move_ms",
            measured: median(all_moves),
            detail: json!({
                "cursor": spread(&moves),
                "page of accounts": spread(&pages),
                "first and last account": spread(&ends),
                "page of events": spread(&events),
            }),
        },
        Figure {
            key: "console_filter_ms",
            measured: filters
                .iter()
                .flat_map(|(_, times)| times.iter().copied())
                .fold(0.0, f64::max),
            detail: filters
                .iter()
                .map(|(typed, times)| ((*typed).to_owned(), spread(times)))
                .collect::<serde_json::Map<_, _>>()
                .into(),
        },
        Figure {
            key: "console_peak_rss_mib",
            measured: memory,
            detail: json!({"accounts": 1_000_000, "events": EVENTS}),
        },
        Figure {
            key: "console_idle_bytes",
            measured: drawn_idle,
            detail: json!({"seconds": IDLE.as_secs()}),
        },
    ]
}

/// The first and the last account.
const FIRST: &str = "bench00";
const LAST: &str = "seed0999990";

/// What is typed after `/`, and the row that each keystroke must show: names at the beginning, in the
/// middle and at the end, and a field.
const FILTERS: [(&str, &[&str]); 4] = [
    ("seed00000", &["seed0000001"; 9]),
    ("seed05", &[SEED, SEED, SEED, SEED, SEED, "seed0500000"]),
    (
        "seed0999",
        &[
            SEED,
            SEED,
            SEED,
            SEED,
            SEED,
            "seed0900000",
            "seed0990000",
            "seed0999000",
        ],
    ),
    ("uid:1700000", &["uid:170000", "uid 1700000"]),
];
const SEED: &str = "seed0000001";

/// Opens the console on a screen.
fn open<'r>(rig: &'r Rig, place: &str) -> Screen<'r> {
    let mut command = rig.stage.command("/usr/bin/gatepost");
    let conf = format!("/etc/gatepost/{}.toml", Service::Many.name());
    command.args(["--conf", &conf, "console", "--screen", place]);
    Screen::start(&rig.stage, &command, SIZE.0, SIZE.1)
}

/// From exec to the first frame with the screens' names on it.
fn first_paint(rig: &Rig) -> f64 {
    let mut screen = open(rig, "users");
    let took = screen.until(PATIENCE, |screen| screen.contents().contains("Users"));
    let took = took.expect("the console is there in time");
    millis(took)
}

/// Types something that draws a frame; how long until it is there.
fn press(screen: &mut Screen<'_>, keys: &str) -> f64 {
    let took = screen.press(keys).next_frame(PATIENCE);
    millis(took.expect("a frame in time"))
}

/// Types something; how long until that row is there.
fn until(screen: &mut Screen<'_>, keys: &str, row: &str) -> f64 {
    let took = screen
        .press(keys)
        .until(PATIENCE, |screen| screen.contents().contains(row));
    millis(took.unwrap_or_else(|| panic!("no {row} on\n{}", screen.text())))
}

/// Turns a page; how long until its last row is there and selected.
fn until_moved(screen: &mut Screen<'_>) -> f64 {
    let before = selected(&screen.text());
    let took = screen.press("\x06").until(PATIENCE, |screen| {
        let now = selected(&screen.contents());
        now.is_some() && now != before
    });
    millis(took.unwrap_or_else(|| panic!("no other page than\n{}", screen.text())))
}

/// The selected row of the list to the left.
fn selected(text: &str) -> Option<String> {
    let row = text
        .lines()
        .find_map(|line| line.strip_prefix("\u{2502}\u{25b6}"))?;
    row.split('\u{2502}').next().map(str::to_owned)
}

/// Types a filter letter by letter: each keystroke until the row is there that it must show.
fn keystrokes(screen: &mut Screen<'_>, typed: &str, shows: &[&str]) -> Vec<f64> {
    press(screen, "/");
    let mut letters: Vec<String> = typed.chars().map(String::from).collect();
    // A field is understood when it is whole.
    if letters.len() > shows.len() {
        letters = vec![typed.get(..typed.len() - 1).unwrap_or(typed).to_owned()];
        letters.extend(typed.chars().last().map(String::from));
    }
    let times = letters
        .iter()
        .zip(shows)
        .map(|(letter, row)| until(screen, letter, row))
        .collect();
    press(screen, "\x1b");
    screen.shows(FIRST);
    times
}

/// How many bytes are written while nothing happens.
fn idle(screen: &mut Screen<'_>) -> f64 {
    // What was asked for before is answered first: nothing new for two looks at the store.
    for _ in 0..20 {
        if !screen.more(Duration::from_secs(2)) {
            break;
        }
    }
    let before = screen.taken_in();
    let _drawn = screen.more(IDLE);
    float(screen.taken_in() - before)
}

fn peak_memory(pid: u32) -> f64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let peak = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .and_then(|rest| rest.trim().strip_suffix(" kB")?.trim().parse::<u32>().ok());
    f64::from(peak.expect("the console's peak memory")) / 1024.0
}

fn times(count: usize, mut one: impl FnMut(usize) -> f64) -> Vec<f64> {
    (0..count).map(&mut one).collect()
}

fn spread(times: &[f64]) -> Value {
    json!({
        "p50": median(times.iter().copied()),
        "p99": percentile(times.iter().copied(), 99),
        "count": times.len(),
    })
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

fn float(number: usize) -> f64 {
    f64::from(u32::try_from(number).unwrap_or(u32::MAX))
}
