//! Memory: what the module adds to its host, what helper and sender have at most; and how long the
//! module takes to load.

use std::fs;
use std::path::Path;
use std::time::Duration;

use serde_json::json;

use crate::bench::driver::Login;
use crate::bench::driver::Work;
use crate::bench::goals::Figure;
use crate::bench::options::Options;
use crate::bench::peer;
use crate::bench::rig::Rig;
use crate::bench::rig::Service;
use crate::bench::statistics::median;
use crate::product::MODULE;
use crate::product::security_folder;
use crate::smtp::Act;
use crate::smtp::Fault;
use crate::smtp::Step;
use crate::stage::Stage;

/// Logins that are weighed: page tables hardly vary.
const WEIGHED: usize = 10;

/// What loading and using the module costs its host.
pub(crate) fn of_the_module(rig: &mut Rig, options: &Options) -> Vec<Figure> {
    let [permit, peer, ours] =
        [Service::Permit, Service::Peer, Service::Plain].map(|service| added_kib(rig, service));
    let folder = security_folder().expect("the folder of PAM modules");
    let loads = [MODULE, peer::MODULE, "pam_permit.so"].map(|name| {
        let path = folder.join(name);
        path.to_str().expect("a path in UTF-8").to_owned()
    });
    let works = (0..options.runs)
        .flat_map(|_| loads.clone().map(Work::Load))
        .collect();
    let records = rig.driver.run_in_turn(works);
    let load = |index: usize| {
        let own = records.iter().skip(index).step_by(loads.len());
        median(own.map(|record| record.wall / 1e3))
    };
    vec![
        Figure {
            key: "host_rss_added_kib",
            measured: ours - permit,
            detail: json!({ "permit_kib": permit, "peer_kib": peer, "ours_kib": ours }),
        },
        Figure {
            key: "dlopen_ms",
            measured: load(0),
            detail: json!({ "peer_ms": load(1), "permit_ms": load(2) }),
        },
    ]
}

/// What a login adds to the memory of its process.
fn added_kib(rig: &mut Rig, service: Service) -> f64 {
    let works = (0..WEIGHED)
        .map(|account| {
            Work::Login(Login {
                weigh: true,
                ..rig.login(service, account)
            })
        })
        .collect();
    let records = rig.driver.run_in_turn(works);
    median(records.iter().filter_map(|record| record.added_kib))
}

/// The peaks of helper and sender.
///
/// The relay is slow to take the message, so that the sender stands still when it has done all its work,
/// and the helper, which has given its verdict by then, lives on in the child that waits for the sender.
pub(crate) fn of_the_processes(rig: &mut Rig, _: &Options) -> Vec<Figure> {
    let [starttls, _, _] = &rig.relays;
    let slow = Fault::At(Step::Body, Act::Delay(Duration::from_millis(300)));
    starttls.sink.fault(slow);
    let works = (0..WEIGHED)
        .map(|account| Work::Login(rig.login(Service::StartTls, account)))
        .collect();
    let (mut helper, mut sender) = (Peak::of("gatepost-helper"), Peak::of("gatepost-sender"));
    let Rig { driver, stage, .. } = rig;
    driver.run_and_watch(vec![works], || {
        helper.look(stage);
        sender.look(stage);
    });
    let [starttls, _, _] = &rig.relays;
    starttls.sink.faults(&[]);
    vec![
        helper.figure("helper_peak_rss_kib"),
        sender.figure("sender_peak_rss_kib"),
    ]
}

/// The largest resident memory seen of the processes of one name.
struct Peak {
    name: &'static str,
    kib: f64,
    looks: usize,
}

impl Peak {
    fn of(name: &'static str) -> Self {
        Self {
            name,
            kib: f64::NAN,
            looks: 0,
        }
    }

    fn look(&mut self, stage: &Stage) {
        for running in stage.processes(self.name) {
            let path = Path::new("/proc").join(running.pid.to_string());
            let status = fs::read_to_string(path.join("status")).unwrap_or_default();
            let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
            let peak = line.and_then(|rest| rest.split_whitespace().next()?.parse().ok());
            if let Some(peak) = peak {
                self.kib = self.kib.max(peak);
                self.looks += 1;
            }
        }
    }

    fn figure(self, key: &'static str) -> Figure {
        Figure {
            key,
            measured: self.kib,
            detail: json!({ "looks": self.looks }),
        }
    }
}
