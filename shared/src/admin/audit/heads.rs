//! What the system log kept of the chain's head, held against the chain.
//!
//! Each decision's line has `seq=` and `head=`, the number of its event and the first eight bytes of its
//! hash. A line that names an event that the store does not have, or has with another hash, is a store
//! that was rolled back, cut off or rewritten; or a line that somebody forged, for every local user may
//! write to a log file. The journal says who wrote: there only root's lines count.

use std::io::{BufRead, Read};

use serde::Serialize;

use crate::admin::roles::Right;
use crate::admin::{Admin, AdminError};

/// What holding the log against the chain found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Compared {
    /// Heads that the log kept.
    pub heads: u64,
    /// Of these: of events that are in the store with the same hash.
    pub same: u64,
    /// Of these: of events that were purged, which cannot be compared.
    pub purged: u64,
    /// The first that is in the store with another hash.
    pub differs: Option<Difference>,
    /// How many are so.
    pub different: u64,
    /// Numbers of events that the log has and the store lost, the first [`NAMED`] of them.
    pub lost: Vec<i64>,
    /// How many they are.
    pub lost_count: u64,
}

/// An event whose hash the log has otherwise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// Its number.
    pub seq: i64,
    /// The beginning of its hash, as the log has it.
    pub logged: String,
    /// As the store has it.
    pub stored: String,
}

impl Compared {
    /// Whether all that could be compared is the same.
    pub fn holds(&self) -> bool {
        self.different == 0 && self.lost_count == 0
    }
}

/// How many lost events are named.
const NAMED: usize = 20;
/// The longest line that is looked at; what is longer is none of ours.
const LINE: u64 = 64 * 1024;

impl Admin {
    /// Holds a log against the chain, line by line. `progress` hears now and then how many heads it had.
    pub fn compare_heads(
        &self,
        log: &mut dyn BufRead,
        progress: &dyn Fn(u64),
    ) -> Result<Compared, AdminError> {
        self.may(Right::Machine)?;
        let anchor = self.store.anchor()?.map_or(0, |anchor| anchor.seq);
        let mut found = Compared::default();
        while let Some(line) = next_line(log).map_err(AdminError::log)? {
            let Some((seq, logged)) = head_of(&line) else {
                continue;
            };
            found.heads += 1;
            if found.heads.is_multiple_of(10_000) {
                progress(found.heads);
            }
            if seq <= anchor {
                found.purged += 1;
                continue;
            }
            match self.store.event_hash(seq)? {
                Some(stored) if stored.starts_with(&logged) => found.same += 1,
                Some(stored) => {
                    found.different += 1;
                    let stored = stored.chars().take(logged.len()).collect();
                    found.differs.get_or_insert(Difference {
                        seq,
                        logged,
                        stored,
                    });
                }
                None => {
                    found.lost_count += 1;
                    if found.lost.len() < NAMED {
                        found.lost.push(seq);
                    }
                }
            }
        }
        Ok(found)
    }
}

/// The next line, without its end; of one that is too long, nothing. None at the end.
fn next_line(log: &mut dyn BufRead) -> Result<Option<String>, std::io::Error> {
    let mut line = Vec::new();
    if log.take(LINE).read_until(b'\n', &mut line)? == 0 {
        return Ok(None);
    }
    if line.last() != Some(&b'\n') {
        // Too long, or the last one of a log whose end is not written yet.
        let whole = log.fill_buf()?.is_empty();
        if !whole {
            log.skip_until(b'\n')?;
            line.clear();
        }
    }
    Ok(Some(String::from_utf8_lossy(&line).trim_end().to_owned()))
}

/// Number and head of a decision's line, whatever stands before its first word. A value in quotes is
/// passed over whole: it may be a user name that looks like a head.
fn head_of(line: &str) -> Option<(i64, String)> {
    let (_, line) = line.split_once("decision=")?;
    let (mut seq, mut head) = (None, None);
    for (key, value) in pairs(line) {
        match key {
            "seq" => seq = value.parse().ok(),
            "head" => head = Some(value),
            _ => {}
        }
    }
    let head = head?;
    let is_head = head.len() == 16 && head.chars().all(|c| matches!(c, '0'..='9' | 'a'..='f'));
    (is_head && seq? > 0).then_some((seq?, head.to_owned()))
}

/// `key=value` of a line, where values with blanks stand in quotes.
fn pairs(line: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut rest = line;
    std::iter::from_fn(move || {
        loop {
            rest = rest.trim_start();
            if rest.is_empty() {
                return None;
            }
            let end = word_end(rest);
            let (word, after) = rest.split_at_checked(end)?;
            rest = after;
            if let Some(pair) = word.split_once('=') {
                return Some(pair);
            }
        }
    })
}

/// Where a word ends: at a blank that is in no quotes.
fn word_end(text: &str) -> usize {
    let (mut quoted, mut escaped) = (false, false);
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            ' ' if !quoted => return at,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::{head_of, next_line};

    // Mutant: quotes are not minded, so that a user's name may be a head.
    #[test]
    fn a_head_is_read_from_a_decisions_line_alone() {
        let head = "9f0c41d2a7b3e855";
        let line = format!(
            "Nov 24 12:00:00 host gatepost[12]: decision=success why=code user=alice service=sshd \
             rhost=203.0.113.9 conversation=3 seq=4711 head={head} note=\"a b\""
        );
        assert_eq!(head_of(&line), Some((4711, head.to_owned())));
        let named = "seq=1 head=0000000000000000 ";
        let line = format!("decision=wrong user=\"x {named}\" seq=5 head={head}");
        assert_eq!(head_of(&line), Some((5, head.to_owned())));
        let line = format!("decision=wrong user=\"a\\\" {named}\" seq=5 head={head}");
        assert_eq!(head_of(&line), Some((5, head.to_owned())));
        let line = format!("decision=wrong seq=5 head={head} note=\"{named}\"");
        assert_eq!(head_of(&line), Some((5, head.to_owned())));
        for other in [
            format!("event=admin act=user-add seq=5 head={head}"),
            format!("decision=wrong seq=x head={head}"),
            format!("decision=wrong seq=0 head={head}"),
            "decision=wrong seq=5 head=9f0c".to_owned(),
            "decision=wrong recorded=counted".to_owned(),
            String::new(),
        ] {
            assert_eq!(head_of(&other), None, "{other}");
        }
    }

    #[test]
    fn a_line_without_an_end_takes_no_memory_without_an_end() {
        let text = format!("a\n{}\nb", "x".repeat(200_000));
        let mut log = text.as_bytes();
        let mut next = || next_line(&mut log).unwrap();
        assert_eq!(next().as_deref(), Some("a"));
        assert_eq!(next().as_deref(), Some(""));
        assert_eq!(next().as_deref(), Some("b"));
        assert_eq!(next(), None);
    }
}
