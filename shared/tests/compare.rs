//! How long a comparison takes must tell nothing of the code.
//!
//! A Welch t-test over many comparisons of a right and of a wrong code, taken in turn, the slowest
//! tenth left out as the machine's doing (after dudect, Reparaz and others 2017). What is leaked is
//! leaked each time and the same way, so a busy machine gets three more chances to be quiet. The two codes
//! change places from one time to the next: that one of them lies across two lines of the cache is
//! no leak, and shows for as long as it lies there.

#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a helper of tests fails its test by panicking"
)]

use std::time::Instant;

use gatepost_shared::code::Code;
use gatepost_shared::code::key::{Key, Purpose};
use gatepost_words::secret::Secret;

/// Beyond this the two are told apart; by chance once in 150,000 tests.
const TOLD_APART: f64 = 4.5;

/// One comparison, in nanoseconds.
#[expect(
    clippy::disallowed_methods,
    reason = "the time it takes is the question"
)]
fn time(compare: impl FnOnce()) -> f64 {
    let begun = Instant::now();
    compare();
    f64::from(u32::try_from(begun.elapsed().as_nanos()).unwrap_or(u32::MAX))
}

/// How long comparing each of two typed codes takes, so often.
fn times(first: &[u8], second: &[u8], samples: usize) -> [Vec<f64>; 2] {
    let key = Key::new(Secret::new(vec![7; 32])).unwrap();
    let tag = key.tag(Purpose::SignIn, b"challenge", &Code::typed(b"12345678"));
    let typed = [Code::typed(first), Code::typed(second)];
    let mut times = [Vec::new(), Vec::new()];
    for sample in 0..2 * samples {
        // Not in strict turns: what comes every second time would side with one of them.
        let which = (sample ^ (sample / 7) ^ (sample / 64)) % 2;
        times[which].push(time(|| {
            let _matched = std::hint::black_box(key.verify(
                Purpose::SignIn,
                b"challenge",
                std::hint::black_box(&typed[which]),
                &tag,
            ));
        }));
    }
    times.map(|mut times| {
        times.sort_by(f64::total_cmp);
        times.truncate(times.len() * 9 / 10);
        times
    })
}

fn welch([first, second]: &[Vec<f64>; 2]) -> f64 {
    let [(mean, spread), (other_mean, other_spread)] = [first, second].map(|times| {
        let count = f64::from(u32::try_from(times.len()).unwrap());
        let mean = times.iter().sum::<f64>() / count;
        let variance = times.iter().map(|time| (time - mean).powi(2)).sum::<f64>() / (count - 1.0);
        (mean, variance / count)
    });
    (mean - other_mean) / (spread + other_spread).sqrt()
}

fn median(times: &[f64]) -> f64 {
    times[times.len() / 2]
}

// Mutant: Key::verify compares the code itself, byte by byte, before it hashes.
#[test]
fn timing_compare() {
    let (right, wrong) = (b"12345678", b"02345678");
    let seen = [false, true, false, true].map(|swapped| {
        if swapped {
            -welch(&times(wrong, right, 75_000))
        } else {
            welch(&times(right, wrong, 75_000))
        }
    });
    let told_apart = |sign: f64| seen.iter().all(|t| t * sign > TOLD_APART);
    assert!(
        !told_apart(1.0) && !told_apart(-1.0),
        "right and wrong are told apart: t = {seen:?}"
    );
}

// Mutant: Key::verify returns at once for a code of another length.
#[test]
fn a_code_of_another_length_takes_the_same_path() {
    for other in [&b""[..], b"1", b"1234567", b"123456789", &[b'1'; 40]] {
        let mut seen = Vec::new();
        let differs = (0..3).all(|_| {
            let [right, wrong] = times(b"12345678", other, 4_000);
            let ratio = median(&wrong) / median(&right);
            seen.push(ratio);
            !(0.8..1.25).contains(&ratio)
        });
        assert!(!differs, "{} bytes: {seen:?}", other.len());
    }
}
