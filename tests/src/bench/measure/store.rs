//! What many logins leave in the store: how large the write-ahead log gets, and what `gatepost maintain`
//! leaves of the rest when its time is over.

use std::fs;
use std::time::Duration;

use serde_json::json;

use crate::bench::driver::Work;
use crate::bench::goals::Figure;
use crate::bench::options::Options;
use crate::bench::rig::ACCOUNTS;
use crate::bench::rig::Rig;
use crate::bench::rig::Service;
use crate::product::STORE;

/// Logins at once.
const LANES: usize = 8;

/// Logins of an account after which a day must pass, for the ceiling of mails an address gets in one.
const LOGINS_A_DAY: usize = 150;

/// A little more than the longest window.
const A_DAY: Duration = Duration::from_hours(25);

/// Older than all that `gatepost maintain` keeps, save the events.
const KEEP: Duration = Duration::from_hours(91 * 24);

/// Measures.
pub(crate) fn measure(rig: &mut Rig, options: &Options) -> Vec<Figure> {
    let half = options.growth / 2;
    let mut longest_log = 0;
    let store = rig.store(Service::Plain);
    let in_use = || store.bytes_in_use().expect("read the store's size");
    let before = in_use();
    let sizes = [(); 2].map(|()| {
        longest_log = longest_log.max(many_logins(rig, half));
        store.pass(KEEP);
        let _ = rig.stage.gatepost(&["maintain"]).success();
        in_use()
    });
    let [first, second] = sizes;
    vec![Figure {
        key: "store_growth",
        measured: float(longest_log) / (1024.0 * 1024.0),
        detail: json!({
            "logins": 2 * half,
            "store_bytes_in_use_before": before,
            "store_bytes_in_use_after_each_half": sizes,
            "log_bytes_after_maintain": length(&format!("{STORE}-wal")),
            "bytes_a_login_leaves_for_good": (float(second) - float(first)) / float(u64::try_from(half).unwrap_or(u64::MAX)),
        }),
    }]
}

/// Logs in so many times; the longest write-ahead log that was seen.
fn many_logins(rig: &mut Rig, logins: usize) -> u64 {
    let log = format!("{STORE}-wal");
    let mut longest = 0;
    let numbers: Vec<usize> = (0..logins).collect();
    for day in numbers.chunks(ACCOUNTS * LOGINS_A_DAY) {
        let mut lanes = vec![Vec::new(); LANES];
        for number in day {
            // An account stays in its lane, so that it never logs in twice at once.
            if let Some(lane) = lanes.get_mut(number % LANES) {
                lane.push(Work::Login(rig.login(Service::Plain, *number)));
            }
        }
        let done = rig.driver.run_and_watch(lanes, || {
            longest = longest.max(length(&log));
        });
        let refused = done.records().find(|record| record.code != "PAM_SUCCESS");
        assert!(refused.is_none(), "{refused:?}\n{}", rig.stage.report());
        rig.store(Service::Plain).pass(A_DAY);
    }
    longest
}

/// How long a file is; nothing where it is not there.
fn length(path: &str) -> u64 {
    fs::metadata(path).map_or(0, |file| file.len())
}

fn float(number: u64) -> f64 {
    f64::from(u32::try_from(number).unwrap_or(u32::MAX))
}
