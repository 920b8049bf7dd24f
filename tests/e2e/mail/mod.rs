//! The mail with the code: what it says, how many go out, and what cannot be smuggled into it or into
//! the log.

mod injection;
mod letter;
mod limits;

use gatepost_tests::config::Config;
use gatepost_tests::stack::Stack;
use gatepost_tests::stage::Stage;

/// Our line alone, alice enrolled.
fn stage(config: Config) -> Stage {
    Stage::builder()
        .product(config)
        .enrol("alice", "alice@example.org")
        .stack("rig", &Stack::module(""))
        .build()
}

/// What steers a terminal, a log or the eye: control characters, bidirectional and invisible ones.
fn steers(character: char) -> bool {
    let invisible = [
        '\u{ad}', '\u{61c}', '\u{180e}', '\u{2028}', '\u{2029}', '\u{feff}',
    ];
    character.is_control()
        || invisible.contains(&character)
        || ('\u{200b}'..='\u{200f}').contains(&character)
        || ('\u{202a}'..='\u{202e}').contains(&character)
        || ('\u{2060}'..='\u{206f}').contains(&character)
        || ('\u{fff9}'..='\u{fffb}').contains(&character)
        || ('\u{e0000}'..='\u{e007f}').contains(&character)
}
