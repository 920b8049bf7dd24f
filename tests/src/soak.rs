//! How much a test does: little by default, all of it under `GATEPOST_SOAK=1` (`make soak`).

use std::env;

/// The number of rounds, clients or steps of a test: `small` by default, `full` in a soak.
pub fn size(small: u32, full: u32) -> u32 {
    match env::var_os("GATEPOST_SOAK") {
        Some(value) if value == "1" => full,
        Some(_) | None => small,
    }
}
