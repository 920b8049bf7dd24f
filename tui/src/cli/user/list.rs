//! `gatepost user list` and `export`.

use clap::Args;
use gatepost_shared::admin::browse::{After, Somebody};
use gatepost_shared::admin::filter::Filter;
use gatepost_shared::admin::users::{Listed, Mask, Person};

use super::Unmask;
use crate::cli::Context;
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::words;
use crate::exports::Everybody;
use crate::records::Guard;

#[derive(Debug, Args)]
#[command(
    after_help = "A filter is words, all of which must hold, as after / in the console: a part of a \
                        name or an address; state:locked,disabled (active, unconfirmed, removed); \
                        fails:>3; last:>30d; uid:1007; group:wheel; from:203.0.113.0/24 (a wrong code of the last \
                        days or a success of the last month came from there); mail:bounced (failed, \
                        accepted); \"ali ng\". ! before a word: not so. sort:enrolled lists in that order: name, \
                        state (whoever needs somebody first: locked, unconfirmed, disabled, active, removed), enrolled, \
                        last (the last sign-in, never and the longest ago first) or fails (wrong codes in a row); - \
                        before it: backwards, as in sort:-last. state:none lists the people of this \
                        machine who have no account."
)]
pub(crate) struct Wanted {
    /// Which accounts: alice, state:locked, fails:>3, last:>30d, uid:1007, !bob, sort:-last
    #[arg(value_name = "FILTER")]
    filter: Vec<String>,
    #[command(flatten)]
    list: Unmask,
}

#[derive(Debug, Args)]
pub(crate) struct Export {
    /// Which accounts, as for user list; with state:none, people of this machine who have none
    #[arg(value_name = "FILTER")]
    filter: Vec<String>,
    #[command(flatten)]
    list: Unmask,
    /// Write cells as they are, though a spreadsheet may calculate them
    #[arg(long)]
    raw: bool,
}

/// A filter as typed, in one or in several words.
pub(super) fn filter_of(typed: &[String]) -> Result<Filter, Failure> {
    Filter::parse(&typed.join(" "))
        .map_err(|error| Failure::Said(Exit::Usage, format!("the filter, {error}")))
}

/// Accounts that are read from the store at a time.
const PAGE: u32 = 500;

pub(super) fn run(context: &Context, wanted: &Wanted) -> Result<Exit, Failure> {
    let Wanted { filter, list } = wanted;
    let filter = filter_of(filter)?;
    if filter.wants_none() {
        return people(context, filter);
    }
    let mut admin = context.admin()?;
    if list.unmask {
        admin.unmask("", list.reason.as_deref())?;
    }
    let mut after = After::default();
    let next = || -> Result<Vec<Listed>, Failure> {
        let page = admin.users_like(&filter, &after, PAGE, mask(list))?;
        if let Some(last) = page.last() {
            after = After::row(last);
        }
        Ok(page)
    };
    let count = context.many("users", next, |page| {
        let head = vec!["USER", "UID", "STATE", "ADDRESS", "LAST"];
        (head, page.iter().map(row).collect())
    })?;
    if count == 0 {
        words(if filter.is_empty() {
            "Nobody is enrolled yet: gatepost user add USER ADDRESS"
        } else {
            "No account is like that."
        });
    }
    Ok(Exit::Ok)
}

pub(super) fn mask(list: &Unmask) -> Mask {
    if list.unmask {
        Mask::Unmasked
    } else {
        Mask::Masked
    }
}

fn row(account: &Listed) -> Vec<String> {
    let addresses: Vec<&str> = account
        .addresses
        .iter()
        .map(|address| address.address.as_str())
        .collect();
    vec![
        account.user.clone(),
        account.uid.to_string(),
        account.standing.to_string(),
        addresses.join(" "),
        account
            .last_success
            .clone()
            .unwrap_or_else(|| "never".to_owned()),
    ]
}

/// People of this machine who have no account, among them the accounts that the filter wants too.
fn people(context: &Context, filter: Filter) -> Result<Exit, Failure> {
    let admin = context.admin()?;
    let mut everybody = Everybody::of(filter, Mask::Masked);
    let next = || -> Result<Vec<Person>, Failure> {
        let page = everybody.somebody(&admin)?.into_iter();
        Ok(page
            .map(|somebody| match somebody {
                Somebody::Account(account) => Person::from(&account),
                Somebody::Person(person) => person,
            })
            .collect())
    };
    let count = context.many("users", next, |page| {
        let head = vec!["USER", "UID", "STATE"];
        let row = |person: &Person| {
            vec![
                person.user.clone(),
                person.uid.to_string(),
                person.state.clone(),
            ]
        };
        (head, page.iter().map(row).collect())
    })?;
    if count == 0 {
        words("Everybody of this machine is enrolled, as far as the filter asks.");
    } else {
        words("Next: gatepost user add USER ADDRESS, or for many: gatepost user import --help");
    }
    Ok(Exit::Ok)
}

pub(super) fn export(context: &Context, export: &Export) -> Result<Exit, Failure> {
    let Export { filter, list, raw } = export;
    let guard = if *raw { Guard::Raw } else { Guard::Formulas };
    let filter = filter_of(filter)?;
    let what = if filter.wants_none() {
        "people"
    } else {
        "accounts"
    };
    let mut admin = context.admin()?;
    if list.unmask {
        admin.unmask("", list.reason.as_deref())?;
    }
    let mut everybody = Everybody::of(filter, mask(list));
    let count = context.exported("users", guard, || Ok(everybody.next(&admin)?))?;
    words(&format!("{count} {what}."));
    Ok(Exit::Ok)
}
