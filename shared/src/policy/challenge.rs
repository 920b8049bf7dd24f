//! Whether a challenge may be compared or resumed: a pure reading of its row.

use gatepost_words::time::{Boot, Span};

/// A moment, as lifetimes see it: `CLOCK_BOOTTIME` of one boot. A clock set back revives nothing;
/// a reboot kills every live code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BootMoment {
    /// The kernel's boot id.
    pub boot_id: String,
    /// Milliseconds on its `CLOCK_BOOTTIME`.
    pub at: Boot,
}

/// How a challenge's delivery stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// Handed to a sender; given up for lost when that time has passed without word.
    Running {
        /// When the sender's whole time is over.
        until: Boot,
    },
    /// A relay took it.
    Accepted,
    /// No relay took it.
    Failed,
}

/// What a challenge's row says of its life.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Life {
    /// The boot it was made in.
    pub boot_id: String,
    /// Its end on that boot's clock.
    pub expires: Boot,
    /// Wrong guesses so far.
    pub tries: u32,
    /// Wrong guesses that kill it.
    pub max_tries: u32,
    /// It was consumed.
    pub used: bool,
    /// A later code replaced it, or an administrator's act voided it.
    pub replaced: bool,
    /// The store was restored from a backup since.
    pub stale_generation: bool,
    /// Its mail.
    pub delivery: Delivery,
}

/// What a challenge is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It may be compared.
    Live,
    /// Its time is over, or it belongs to another boot or an earlier life of the store.
    Expired,
    /// It was consumed.
    Used,
    /// A later one replaced it.
    Replaced,
    /// Three wrong tries killed it.
    Exhausted,
}

impl Life {
    /// What the challenge is good for now.
    pub fn state(&self, now: &BootMoment) -> State {
        if self.used {
            State::Used
        } else if self.replaced {
            State::Replaced
        } else if self.tries >= self.max_tries {
            State::Exhausted
        } else if self.stale_generation || self.boot_id != now.boot_id || now.at >= self.expires {
            State::Expired
        } else {
            State::Live
        }
    }

    /// Whether a person who reconnects may type it: live, and its mail accepted or under way.
    pub fn resumable(&self, now: &BootMoment) -> bool {
        let mailed = match self.delivery {
            Delivery::Accepted => true,
            Delivery::Running { until } => now.at < until,
            Delivery::Failed => false,
        };
        self.state(now) == State::Live && mailed
    }

    /// How much longer it lives.
    pub fn left(&self, now: &BootMoment) -> Span {
        self.expires.since(now.at)
    }
}

#[cfg(test)]
mod tests {
    use gatepost_words::time::Boot;

    use super::{BootMoment, Delivery, Life, State};

    fn life() -> Life {
        Life {
            boot_id: "a".into(),
            expires: Boot::from_millis(1000),
            tries: 0,
            max_tries: 3,
            used: false,
            replaced: false,
            stale_generation: false,
            delivery: Delivery::Accepted,
        }
    }

    fn at(boot_id: &str, millis: i64) -> BootMoment {
        BootMoment {
            boot_id: boot_id.into(),
            at: Boot::from_millis(millis),
        }
    }

    #[test]
    fn a_challenge_is_live_until_something_ends_it() {
        let cases: [(Life, BootMoment, State); 8] = [
            (life(), at("a", 999), State::Live),
            (life(), at("a", 1000), State::Expired),
            (life(), at("b", 0), State::Expired),
            (Life { tries: 3, ..life() }, at("a", 0), State::Exhausted),
            (
                Life {
                    used: true,
                    ..life()
                },
                at("a", 0),
                State::Used,
            ),
            (
                Life {
                    replaced: true,
                    ..life()
                },
                at("a", 0),
                State::Replaced,
            ),
            (
                Life {
                    stale_generation: true,
                    ..life()
                },
                at("a", 0),
                State::Expired,
            ),
            (
                Life {
                    used: true,
                    ..life()
                },
                at("a", 2000),
                State::Used,
            ),
        ];
        for (life, now, state) in cases {
            assert_eq!(life.state(&now), state, "{life:?}");
        }
    }

    #[test]
    fn only_a_mailed_live_challenge_is_resumed() {
        let running = |until| Delivery::Running {
            until: Boot::from_millis(until),
        };
        let cases = [
            (
                Life {
                    delivery: Delivery::Accepted,
                    ..life()
                },
                true,
            ),
            (
                Life {
                    delivery: running(501),
                    ..life()
                },
                true,
            ),
            (
                Life {
                    delivery: running(500),
                    ..life()
                },
                false,
            ),
            (
                Life {
                    delivery: Delivery::Failed,
                    ..life()
                },
                false,
            ),
            (Life { tries: 3, ..life() }, false),
        ];
        for (life, resumable) in cases {
            assert_eq!(life.resumable(&at("a", 500)), resumable, "{life:?}");
        }
    }
}
