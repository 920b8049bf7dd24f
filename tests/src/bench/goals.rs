//! The goals, and how a measured figure stands to them: the table that is printed, and the file.

use std::fmt::Write;

use serde_json::Map;
use serde_json::Value;
use serde_json::json;

/// One figure that is promised.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Goal {
    /// Its key in target/bench.json.
    pub(crate) key: &'static str,
    /// What is measured, in a few words.
    what: &'static str,
    unit: &'static str,
    bound: Bound,
    stretch: Option<Bound>,
}

/// On which side of a figure it is good.
#[derive(Debug, Clone, Copy)]
enum Bound {
    AtMost(f64),
    AtLeast(f64),
}

/// A measured figure.
#[derive(Debug, Clone)]
pub(crate) struct Figure {
    /// The goal's key.
    pub(crate) key: &'static str,
    /// The value that is judged.
    pub(crate) measured: f64,
    /// What it was made from.
    pub(crate) detail: Value,
}

/// The table: key, measured, goal, stretch, verdict; in the goals' order.
pub(crate) fn table(figures: &[Figure]) -> String {
    let mut text = String::new();
    row(
        &mut text,
        ["key", "measured", "goal", "stretch", "verdict"],
        "",
    );
    for (goal, figure) in known(figures) {
        let measured = format!("{} {}", written(figure.measured), goal.unit);
        row(
            &mut text,
            [
                goal.key,
                &measured,
                &goal.bound.text(),
                &goal.stretch.map_or(String::new(), Bound::text),
                goal.verdict(figure.measured),
            ],
            goal.what,
        );
    }
    text
}

/// The same as it goes to the file: each key with its figure, and under `details` what it was made from.
pub(crate) fn json(figures: &[Figure]) -> Map<String, Value> {
    let mut whole = Map::new();
    let mut details = Map::new();
    for (goal, figure) in known(figures) {
        whole.insert(goal.key.to_owned(), json!(figure.measured));
        let detail = json!({
            "what": goal.what,
            "unit": goal.unit,
            "goal": goal.bound.text(),
            "stretch": goal.stretch.map(Bound::text),
            "verdict": goal.verdict(figure.measured),
            "made_from": figure.detail,
        });
        details.insert(goal.key.to_owned(), detail);
    }
    whole.insert("details".to_owned(), Value::Object(details));
    whole
}

fn known(figures: &[Figure]) -> impl Iterator<Item = (Goal, &Figure)> {
    GOALS.into_iter().filter_map(|goal| {
        let figure = figures.iter().find(|figure| figure.key == goal.key)?;
        Some((goal, figure))
    })
}

fn row(text: &mut String, [key, measured, goal, stretch, verdict]: [&str; 5], what: &str) {
    let line = format!("{key:<32}{measured:>14}  {goal:<11}{stretch:<11}{verdict:<9}{what}");
    let _ = writeln!(text, "{}", line.trim_end());
}

fn written(figure: f64) -> String {
    if figure.fract() == 0.0 || figure.abs() >= 100.0 {
        format!("{figure:.0}")
    } else {
        format!("{figure:.2}")
    }
}

impl Goal {
    fn verdict(&self, measured: f64) -> &'static str {
        if self.stretch.is_some_and(|stretch| stretch.holds(measured)) {
            "stretch"
        } else if self.bound.holds(measured) {
            "met"
        } else {
            "MISSED"
        }
    }
}

impl Bound {
    fn holds(self, measured: f64) -> bool {
        match self {
            Self::AtMost(bound) => measured <= bound,
            Self::AtLeast(bound) => measured >= bound,
        }
    }

    fn text(self) -> String {
        match self {
            Self::AtMost(bound) => format!("<= {}", written(bound)),
            Self::AtLeast(bound) => format!(">= {}", written(bound)),
        }
    }
}

/// In the order in which they are printed.
pub(crate) const GOALS: [Goal; 19] = [
    Goal {
        key: "cpu_ratio_google_authenticator",
        what: "CPU of a login, mailed over STARTTLS / google-authenticator",
        unit: "x",
        bound: Bound::AtMost(6.0),
        stretch: Some(Bound::AtMost(4.0)),
    },
    Goal {
        key: "cpu_ratio_plain",
        what: "CPU of a login, mailed to a loopback relay / google-authenticator",
        unit: "x",
        bound: Bound::AtMost(5.0),
        stretch: Some(Bound::AtMost(3.5)),
    },
    Goal {
        key: "prompt_ms_p50",
        what: "pam_start to the prompt, whatever the relay does",
        unit: "ms",
        bound: Bound::AtMost(6.0),
        stretch: Some(Bound::AtMost(4.0)),
    },
    Goal {
        key: "prompt_ms_p99",
        what: "the same, slowest of a hundred",
        unit: "ms",
        bound: Bound::AtMost(25.0),
        stretch: None,
    },
    Goal {
        key: "growth_cpu_10_to_1m",
        what: "CPU of a login at 1,000,000 accounts / at 10",
        unit: "x",
        bound: Bound::AtMost(1.10),
        stretch: Some(Bound::AtMost(1.03)),
    },
    Goal {
        key: "logins_per_s_32",
        what: "logins a second at 32 parallel, scaled to google-authenticator's 1033",
        unit: "/s",
        bound: Bound::AtLeast(268.0),
        stretch: Some(Bound::AtLeast(536.0)),
    },
    Goal {
        key: "refused_32",
        what: "right codes refused there",
        unit: "",
        bound: Bound::AtMost(0.0),
        stretch: Some(Bound::AtMost(0.0)),
    },
    Goal {
        key: "p99_over_p50_32",
        what: "slowest of a hundred / median there",
        unit: "x",
        bound: Bound::AtMost(3.5),
        stretch: Some(Bound::AtMost(2.2)),
    },
    Goal {
        key: "host_rss_added_kib",
        what: "resident memory that the module adds to its host, over pam_permit",
        unit: "KiB",
        bound: Bound::AtMost(1024.0),
        stretch: Some(Bound::AtMost(512.0)),
    },
    Goal {
        key: "dlopen_ms",
        what: "loading the module in a fresh process",
        unit: "ms",
        bound: Bound::AtMost(0.4),
        stretch: Some(Bound::AtMost(0.25)),
    },
    Goal {
        key: "helper_peak_rss_kib",
        what: "peak resident memory of a helper",
        unit: "KiB",
        bound: Bound::AtMost(12288.0),
        stretch: Some(Bound::AtMost(8192.0)),
    },
    Goal {
        key: "sender_peak_rss_kib",
        what: "peak resident memory of a sender, over STARTTLS",
        unit: "KiB",
        bound: Bound::AtMost(12288.0),
        stretch: Some(Bound::AtMost(8192.0)),
    },
    Goal {
        key: "ssh_login_added_ms",
        what: "a whole ssh login over one with pam_unix alone, code typed at once",
        unit: "ms",
        bound: Bound::AtMost(8.0),
        stretch: None,
    },
    Goal {
        key: "store_growth",
        what: "the largest write-ahead log over many logins, eight at a time",
        unit: "MiB",
        bound: Bound::AtMost(4.0),
        stretch: None,
    },
    Goal {
        key: "console_first_paint_ms",
        what: "exec of the console to its first frame, 1,000,000 accounts",
        unit: "ms",
        bound: Bound::AtMost(50.0),
        stretch: None,
    },
    Goal {
        key: "console_move_ms",
        what: "a cursor move or a page there, 10,000,000 events",
        unit: "ms",
        bound: Bound::AtMost(5.0),
        stretch: None,
    },
    Goal {
        key: "console_filter_ms",
        what: "a filter's keystroke to its first rows, the slowest of four filters",
        unit: "ms",
        bound: Bound::AtMost(50.0),
        stretch: None,
    },
    Goal {
        key: "console_peak_rss_mib",
        what: "peak resident memory of the console",
        unit: "MiB",
        bound: Bound::AtMost(60.0),
        stretch: None,
    },
    Goal {
        key: "console_idle_bytes",
        what: "bytes drawn while nothing happens",
        unit: "B",
        bound: Bound::AtMost(0.0),
        stretch: None,
    },
];

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Figure;
    use super::table;

    fn figure(key: &'static str, measured: f64) -> Figure {
        Figure {
            key,
            measured,
            detail: json!({}),
        }
    }

    #[test]
    fn a_figure_is_judged_on_its_own_side() {
        let text = table(&[
            figure("refused_32", 1.0),
            figure("logins_per_s_32", 300.0),
            figure("cpu_ratio_plain", 3.4),
        ]);
        let verdicts: Vec<(&str, &str)> = text
            .lines()
            .skip(1)
            .map(|line| {
                let word = ["stretch", "met", "MISSED"]
                    .into_iter()
                    .find(|word| line.contains(&format!(" {word} ")));
                let key = line.split(' ').next().unwrap();
                (key, word.unwrap())
            })
            .collect();
        assert_eq!(
            verdicts,
            [
                ("cpu_ratio_plain", "stretch"),
                ("logins_per_s_32", "met"),
                ("refused_32", "MISSED")
            ]
        );
    }

    #[test]
    fn what_was_not_measured_is_not_in_the_table() {
        assert_eq!(table(&[]).lines().count(), 1);
    }
}
