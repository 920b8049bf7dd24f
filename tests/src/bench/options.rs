//! What was asked for on the command line.

use super::goals::GOALS;

/// How much is measured, and what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Options {
    /// Rounds of one login each, and loads of a module.
    pub(crate) runs: usize,
    /// Rounds of 32 parallel logins, and logins of each account in one.
    pub(crate) bursts: usize,
    /// Whole logins over ssh, of each kind.
    pub(crate) ssh: usize,
    /// Logins after which the store is looked at.
    pub(crate) growth: usize,
    /// The keys that are wanted; none: all.
    only: Vec<&'static str>,
}

/// What `--help` says.
pub(crate) const USAGE: &str = "\
usage: bench [--quick | --full] [--runs N] [--only KEY]...

Measures the product against the goals, as root, and writes target/bench.json.

  --quick     fewer rounds: a first look
  --full      100,000 logins for store_growth
  --runs N    so many rounds of one login each (200)
  --only KEY  this figure alone, with those that are measured along with it
";

impl Options {
    /// Reads the arguments; says what is wrong with them.
    pub(crate) fn parse(arguments: impl IntoIterator<Item = String>) -> Result<Self, String> {
        let mut options = Self {
            runs: 200,
            bursts: 8,
            ssh: 20,
            growth: 2000,
            only: Vec::new(),
        };
        let mut arguments = arguments.into_iter();
        while let Some(argument) = arguments.next() {
            let mut value = || {
                let value = arguments.next();
                value.ok_or_else(|| format!("{argument} needs a value"))
            };
            match argument.as_str() {
                "--quick" => {
                    options = Self {
                        runs: 50,
                        bursts: 3,
                        ssh: 8,
                        growth: 500,
                        ..options
                    }
                }
                "--full" => options.growth = 100_000,
                "--runs" => {
                    let text = value()?;
                    options.runs = match text.parse() {
                        Ok(runs @ 1..=100_000) => runs,
                        Ok(_) | Err(_) => return Err(format!("{text:?} is no number of runs")),
                    };
                }
                "--only" => {
                    let text = value()?;
                    let goal = GOALS.iter().find(|goal| goal.key == text);
                    let keys = || GOALS.map(|goal| goal.key).join(", ");
                    let goal = goal.ok_or_else(|| format!("{text:?} is none of {}", keys()))?;
                    options.only.push(goal.key);
                }
                _ => return Err(format!("what is {argument:?}?")),
            }
        }
        Ok(options)
    }

    /// True when any of these keys is wanted.
    pub(crate) fn wants(&self, keys: &[&str]) -> bool {
        self.only.is_empty() || self.only.iter().any(|key| keys.contains(key))
    }
}

#[cfg(test)]
mod tests {
    use super::Options;

    fn parse(line: &str) -> Result<Options, String> {
        Options::parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn options_are_read_in_any_order_and_mistakes_are_told() {
        let options = parse("--only dlopen_ms --quick --runs 7").unwrap();
        assert_eq!(options.runs, 7);
        assert!(options.wants(&["dlopen_ms"]) && !options.wants(&["refused_32"]));
        assert!(parse("").unwrap().wants(&["refused_32"]));
        for bad in [
            "--runs",
            "--runs 0",
            "--runs x",
            "--only speed",
            "--fast",
            "7",
        ] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }
}
