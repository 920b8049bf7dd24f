//! Every screen in every case.

use super::{CASES, kept, pictures, shown};
use crate::console::message::Screen;

#[test]
fn every_screen_looks_as_it_should() {
    for screen in Screen::ALL {
        for case in CASES {
            let name = format!("{}-{case:?}", screen.name()).to_lowercase();
            let pictures = pictures(|look, size| shown(screen, case, look, size));
            kept(&name, &pictures);
        }
    }
}
