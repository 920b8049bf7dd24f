//! `gatepost audit verify`: the chain by itself, and against what a system log kept of its head.

use std::fmt::Write;

use clap::Args;
use gatepost_shared::admin::Admin;
use gatepost_shared::admin::audit::Compared;
use gatepost_shared::admin::audit::Verified;
use gatepost_words::text::log_value;

use crate::cli::exit::{Exit, Failure};
use crate::cli::output::{fault, progress, progress_over, words};
use crate::cli::{Context, named};

#[derive(Debug, Args)]
#[command(
    after_help = "A chain has no key: whoever is root can compute all of it anew, and one whose end was \
                  cut off still holds. What root here cannot change is a log on another machine: \
                  --against holds that log's seq= and head= against the store. In a log file any local \
                  user may forge lines, so a difference there is a reason to look, not yet a proof; \
                  from the journal only root's lines are read. An event without a head in the log is \
                  covered by the next one that has one."
)]
pub(crate) struct Verify {
    /// Hold a log against the chain too: journal, a FILE, or - for the standard input
    #[arg(long, value_name = "journal|FILE|-")]
    against: Option<String>,
}

pub(crate) fn run(context: &Context, asked: &Verify) -> Result<Exit, Failure> {
    let admin = context.admin()?;
    let chain = admin.watch_events_verified(&progress("events checked"))?;
    progress_over();
    let against = match &asked.against {
        Some(name) => Some(compared(context, &admin, name)?),
        None => None,
    };
    let verified = Verified { chain, against };
    context.one(&verified, || text(&verified))?;
    explain(&verified);
    Ok(if verified.holds() { Exit::Ok } else { Exit::No })
}

fn compared(context: &Context, admin: &Admin, name: &str) -> Result<Compared, Failure> {
    let progress = progress("heads compared");
    let compared = if name == "journal" {
        let mut journal = admin.journal()?;
        let compared = admin.compare_heads(&mut journal, &progress)?;
        journal.finish()?;
        compared
    } else {
        admin.compare_heads(&mut named::read(context, name)?, &progress)?
    };
    progress_over();
    Ok(compared)
}

fn text(verified: &Verified) -> String {
    let chain = &verified.chain;
    let mut text = match chain.broken_at {
        None => format!(
            "{} events, from {} to {}, each follows from the one before it.\nhead {}\n",
            chain.events, chain.first, chain.last, chain.head
        ),
        Some(_) => String::new(),
    };
    if let Some(against) = &verified.against {
        // Writing to a String cannot fail.
        let _infallible = writeln!(
            text,
            "{} heads in the log: {} are the same, {} differ, {} are of events that the store lost, {} \
             of events that were purged.",
            against.heads, against.same, against.different, against.lost_count, against.purged
        );
    }
    text
}

fn explain(verified: &Verified) {
    let chain = &verified.chain;
    match (chain.broken_at, &chain.anchor) {
        (None, Some(anchor)) => words(&format!(
            "The events up to {} are purged; the chain begins behind the last of them, whose head was \
             {}.",
            anchor.seq, anchor.head
        )),
        (Some(_), Some(anchor)) => fault(&format!(
            "the chain should begin behind event {}, the last that was purged, whose head was {}",
            anchor.seq,
            log_value(&anchor.head)
        )),
        (_, None) => {}
    }
    if let Some(seq) = chain.broken_at {
        fault(&format!(
            "the chain is broken: event {seq} does not follow from the one before it. Up to event {} it \
             holds. Compare with the system log: gatepost audit verify --against journal",
            chain.last
        ));
    }
    match &verified.against {
        None if chain.broken_at.is_none() => words(
            "Somebody with root can rewrite the whole chain, or cut its end off: compare it with the \
             system log, best one on another machine: --against journal, --against FILE",
        ),
        None => {}
        Some(against) => explain_log(against, chain.last),
    }
}

fn explain_log(against: &Compared, last: i64) {
    if let Some(differs) = &against.differs {
        fault(&format!(
            "event {} has head {} in the log and {} in the store: the store was rolled back or \
             rewritten, or the line is forged",
            differs.seq, differs.logged, differs.stored
        ));
    }
    if against.lost_count > 0 {
        let named: Vec<String> = against.lost.iter().map(ToString::to_string).collect();
        fault(&format!(
            "the log has {} events that the store lost ({}); the store ends at {last}: its end was cut \
             off, or an older copy was put back",
            against.lost_count,
            named.join(" ")
        ));
    }
    if against.heads == 0 {
        words(
            "The log has no head of a decision in it: does it keep authpriv, and reach back far enough?",
        );
    }
}
