//! The pictures in docs/screens are what is drawn: each of them is compared with its screen.
//!
//! `GATEPOST_DRAW=1 cargo test -p gatepost documents` draws them anew.

use std::fs;
use std::path::Path;

use super::super::message::Screen;
use super::svg;
use super::tests::{COLOUR, Case, drawn, shown};

/// Columns and rows of a picture.
const SIZE: (u16, u16) = (132, 32);

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "says that the pictures are to be drawn anew"
)]
fn the_pictures_in_the_documents_are_those_that_are_drawn() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/screens");
    let draws = std::env::var_os("GATEPOST_DRAW").is_some();
    for screen in Screen::ALL {
        let picture = svg::picture(&drawn(&shown(screen, Case::Typical, COLOUR, SIZE)));
        let path = folder.join(format!("{}.svg", screen.name().to_lowercase()));
        if draws {
            fs::create_dir_all(&folder).unwrap();
            fs::write(&path, &picture).unwrap();
        }
        let kept = fs::read_to_string(&path).unwrap_or_default();
        assert!(
            kept == picture,
            "{} is another: GATEPOST_DRAW=1 cargo test -p gatepost documents",
            path.display()
        );
    }
}
