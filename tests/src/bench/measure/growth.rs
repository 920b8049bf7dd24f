//! A login at a million accounts beside one at ten.

use super::details;
use super::in_turns;
use crate::bench::goals::Figure;
use crate::bench::options::Options;
use crate::bench::rig::FEW;
use crate::bench::rig::Rig;
use crate::bench::rig::Service;
use crate::bench::statistics::ratio;

/// Measures.
pub(crate) fn measure(rig: &mut Rig, options: &Options) -> Vec<Figure> {
    rig.seed();
    let all = in_turns(rig, [Service::Few, Service::Many], options.runs, FEW);
    let [few, many] = &all;
    vec![Figure {
        key: "growth_cpu_10_to_1m",
        measured: ratio(&many.cpu(), &few.cpu()),
        detail: details(&all),
    }]
}
