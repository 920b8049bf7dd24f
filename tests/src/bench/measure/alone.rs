//! One login at a time: its CPU time beside the peer's, and how soon its prompt comes.

use super::Series;
use super::details;
use super::in_turns;
use crate::bench::driver::Work;
use crate::bench::goals::Figure;
use crate::bench::options::Options;
use crate::bench::rig::ACCOUNTS;
use crate::bench::rig::Rig;
use crate::bench::rig::Service;
use crate::bench::statistics::median;
use crate::bench::statistics::percentile;
use crate::bench::statistics::ratio;

/// Measures.
pub(crate) fn measure(rig: &mut Rig, options: &Options) -> Vec<Figure> {
    let services = [
        Service::Permit,
        Service::Peer,
        Service::StartTls,
        Service::Plain,
    ];
    let [permit, peer, starttls, plain] = in_turns(rig, services, options.runs, ACCOUNTS);
    let silent = with_a_silent_relay(rig, options.runs);
    let prompts = [&starttls, &plain, &silent];
    let slowest = prompts
        .iter()
        .map(|series| median(series.prompts()))
        .fold(0.0, f64::max);
    let tail = percentile(prompts.iter().flat_map(|series| series.prompts()), 99);
    let figure = |key, measured| Figure {
        key,
        measured,
        detail: details([&permit, &peer, &starttls, &plain, &silent]),
    };
    vec![
        figure(
            "cpu_ratio_google_authenticator",
            ratio(&starttls.cpu(), &peer.cpu()),
        ),
        figure("cpu_ratio_plain", ratio(&plain.cpu(), &peer.cpu())),
        figure("prompt_ms_p50", slowest / 1e3),
        figure("prompt_ms_p99", tail / 1e3),
    ]
}

/// Prompts of logins whose mail gets nowhere, and whose person therefore hangs up.
fn with_a_silent_relay(rig: &mut Rig, rounds: usize) -> Series {
    let mut records = Vec::new();
    for _ in 0..rounds.div_ceil(ACCOUNTS).min(3) {
        let works = (0..ACCOUNTS)
            .map(|account| Work::Login(rig.login(Service::Silent, account)))
            .collect();
        records.extend(rig.driver.run_in_turn(works));
        rig.settle();
    }
    Series {
        service: Service::Silent,
        records,
    }
}
