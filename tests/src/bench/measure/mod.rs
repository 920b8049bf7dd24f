//! The measurements, one group of figures a file. Whatever is compared is measured in turns in one run.

mod alone;
mod console;
mod growth;
mod memory;
mod parallel;
mod ssh;
mod store;

use std::fs;
use std::thread;

use serde_json::Value;
use serde_json::json;

use super::driver::Login;
use super::driver::Record;
use super::driver::Work;
use super::goals::Figure;
use super::options::Options;
use super::rig::Rig;
use super::rig::Service;
use super::statistics::median;
use super::statistics::percentile;

/// Figures that are measured together.
#[derive(Debug)]
pub(crate) struct Group {
    pub(crate) keys: &'static [&'static str],
    pub(crate) measure: fn(&mut Rig, &Options) -> Vec<Figure>,
}

/// In the order in which they are measured: what is noisy last.
pub(crate) const GROUPS: [Group; 8] = [
    Group {
        keys: &["host_rss_added_kib", "dlopen_ms"],
        measure: memory::of_the_module,
    },
    Group {
        keys: &["helper_peak_rss_kib", "sender_peak_rss_kib"],
        measure: memory::of_the_processes,
    },
    Group {
        keys: &[
            "cpu_ratio_google_authenticator",
            "cpu_ratio_plain",
            "prompt_ms_p50",
            "prompt_ms_p99",
        ],
        measure: alone::measure,
    },
    Group {
        keys: &["growth_cpu_10_to_1m"],
        measure: growth::measure,
    },
    Group {
        keys: &[
            "console_first_paint_ms",
            "console_move_ms",
            "console_filter_ms",
            "console_peak_rss_mib",
            "console_idle_bytes",
        ],
        measure: console::measure,
    },
    Group {
        keys: &["ssh_login_added_ms"],
        measure: ssh::measure,
    },
    Group {
        keys: &["logins_per_s_32", "refused_32", "p99_over_p50_32"],
        measure: parallel::measure,
    },
    Group {
        keys: &["store_growth"],
        measure: store::measure,
    },
];

/// What the figures were measured on, for whoever compares two files.
pub(crate) fn circumstances(options: &Options) -> Value {
    let first_words = |path: &str| {
        let text = fs::read_to_string(path).unwrap_or_default();
        text.trim().to_owned()
    };
    json!({
        "kernel": first_words("/proc/sys/kernel/osrelease"),
        "processors": thread::available_parallelism().map_or(0, usize::from),
        "load": first_words("/proc/loadavg"),
        "options": format!("{options:?}"),
    })
}

/// What each service's logins came to.
#[derive(Debug)]
struct Series {
    service: Service,
    records: Vec<Record>,
}

impl Series {
    fn cpu(&self) -> Vec<f64> {
        self.records.iter().map(|record| record.cpu).collect()
    }

    fn wall(&self) -> impl Iterator<Item = f64> {
        self.records.iter().map(|record| record.wall)
    }

    fn prompts(&self) -> impl Iterator<Item = f64> {
        self.records.iter().filter_map(|record| record.prompt)
    }

    /// In milliseconds.
    fn detail(&self) -> (String, Value) {
        let millis = |micros: f64| (micros / 10.0).round() / 100.0;
        let detail = json!({
            "logins": self.records.len(),
            "cpu_ms_p50": millis(median(self.cpu())),
            "wall_ms_p50": millis(median(self.wall())),
            "wall_ms_p99": millis(percentile(self.wall(), 99)),
            "prompt_ms_p50": millis(median(self.prompts())),
            "prompt_ms_p99": millis(percentile(self.prompts(), 99)),
        });
        (self.service.name().to_owned(), detail)
    }
}

/// Logs in by each service in turn, again and again, the first `accounts` accounts one after the other.
/// All must be let in, or what was measured is something else.
fn in_turns<const N: usize>(
    rig: &mut Rig,
    services: [Service; N],
    rounds: usize,
    accounts: usize,
) -> [Series; N] {
    let mut all = services.map(|service| Series {
        service,
        records: Vec::with_capacity(rounds),
    });
    let rounds: Vec<usize> = (0..rounds).collect();
    for chunk in rounds.chunks(ROUNDS_A_BUDGET) {
        let works = chunk
            .iter()
            .flat_map(|round| services.map(|service| rig.login(service, round % accounts)))
            .map(|login| {
                Work::Login(Login {
                    hesitates: HESITATION,
                    ..login
                })
            })
            .collect();
        for (index, record) in rig.driver.run_in_turn(works).into_iter().enumerate() {
            if let Some(series) = all.get_mut(index % N) {
                let name = series.service.name();
                let report = || rig.stage.report();
                assert_eq!(record.code, "PAM_SUCCESS", "{name}\n{}", report());
                series.records.push(record);
            }
        }
        rig.settle();
    }
    all
}

/// How long a person takes over a code here, in milliseconds. In life it is seconds: the relay's last
/// word has long been recorded when the code is typed, and so it should be here.
const HESITATION: u64 = 40;

/// Rounds after which the accounts' budgets are filled again; ten accounts share them, and no address
/// gets more than 200 mails a day.
const ROUNDS_A_BUDGET: usize = 200;

fn details<'s>(all: impl IntoIterator<Item = &'s Series>) -> Value {
    Value::Object(all.into_iter().map(Series::detail).collect())
}
