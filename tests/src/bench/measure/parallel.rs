//! Thirty-two logins at once, on distinct accounts, each with its successor as soon as it is through
//! with all that it caused.

use serde_json::json;

use super::Series;
use super::details;
use crate::bench::driver::Work;
use crate::bench::goals::Figure;
use crate::bench::options::Options;
use crate::bench::rig::ACCOUNTS;
use crate::bench::rig::Rig;
use crate::bench::rig::Service;
use crate::bench::statistics::median;
use crate::bench::statistics::percentile;

/// Logins of each account in a burst.
const LOGINS: usize = 8;

/// What the peer did a second when the goal was set, and the scale of it.
const PEERS_SCALE: f64 = 1033.0;

/// One service's logins over all bursts.
struct Bursts {
    series: Series,
    /// Logins a second that were let in, of each burst.
    rates: Vec<f64>,
}

/// Measures.
pub(crate) fn measure(rig: &mut Rig, options: &Options) -> Vec<Figure> {
    let mut all = [Service::Peer, Service::Plain, Service::StartTls].map(|service| Bursts {
        series: Series {
            service,
            records: Vec::new(),
        },
        rates: Vec::new(),
    });
    for _ in 0..options.bursts {
        for bursts in &mut all {
            bursts.add(rig);
            rig.settle();
        }
    }
    let [peer, plain, starttls] = &all;
    let scaled = |ours: &Bursts| {
        let pairs = ours.rates.iter().zip(&peer.rates);
        median(pairs.map(|(ours, peers)| ours / peers)) * PEERS_SCALE
    };
    let rates = json!({
        "peer": median(peer.rates.iter().copied()),
        "plain": median(plain.rates.iter().copied()),
        "starttls": median(starttls.rates.iter().copied()),
        "starttls_scaled": scaled(starttls),
    });
    let series = details([&peer.series, &plain.series, &starttls.series]);
    let tail = plain.tail().max(starttls.tail());
    let refused = plain.refused() + starttls.refused();
    vec![
        Figure {
            key: "logins_per_s_32",
            measured: scaled(plain),
            detail: rates,
        },
        Figure {
            key: "refused_32",
            measured: f64::from(refused),
            detail: json!({ "plain": plain.refusals(), "starttls": starttls.refusals() }),
        },
        Figure {
            key: "p99_over_p50_32",
            measured: tail,
            detail: series,
        },
    ]
}

impl Bursts {
    /// One burst.
    fn add(&mut self, rig: &mut Rig) {
        let service = self.series.service;
        let lanes = (0..ACCOUNTS)
            .map(|account| {
                (0..LOGINS)
                    .map(|_| Work::Login(rig.login(service, account)))
                    .collect()
            })
            .collect();
        let done = rig.driver.run(lanes);
        let accepted = done.records().filter(|record| record.code == "PAM_SUCCESS");
        let accepted = u32::try_from(accepted.count()).unwrap_or(u32::MAX);
        self.rates
            .push(f64::from(accepted) / done.elapsed.as_secs_f64());
        self.series.records.extend(done.lanes.into_iter().flatten());
    }

    fn refusals(&self) -> Vec<&str> {
        let codes = self.series.records.iter().map(|record| &*record.code);
        codes.filter(|code| *code != "PAM_SUCCESS").collect()
    }

    fn refused(&self) -> u32 {
        u32::try_from(self.refusals().len()).unwrap_or(u32::MAX)
    }

    fn tail(&self) -> f64 {
        percentile(self.series.wall(), 99) / median(self.series.wall())
    }
}
