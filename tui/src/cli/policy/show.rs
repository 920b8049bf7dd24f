//! What is in force, and what it means for somebody.

use std::fmt::Write;

use gatepost_shared::admin::policy::effective::{self, Effective};
use gatepost_shared::admin::policy::history::Row;
use gatepost_shared::admin::policy::{Policy, State};
use gatepost_shared::admin::why::{Verdict, Why};
use gatepost_shared::policy::Unenrolled;
use gatepost_words::time::Span;

use super::super::Context;
use super::super::exit::{Exit, Failure};
use super::super::output::{data, table, words};
use super::{At, Show, Test, file};

/// Rows in a page of the history.
const PAGE: u32 = 100;

pub(super) fn policy(context: &Context, asked: &Show) -> Result<Exit, Failure> {
    let admin = context.admin()?;
    if asked.text {
        data(&admin.policy_text(asked.version)?)?;
        return Ok(Exit::Ok);
    }
    if let Some(user) = &asked.user {
        let user = effective::myself(&admin, user)?;
        let found = admin.policy_of(&user, None)?;
        context.each(&found, &found.at, || at_services(&found))?;
        return Ok(Exit::Ok);
    }
    let policy = admin.policy()?;
    context.each(&policy, &policy.rules, || whole(&policy))?;
    for group in &policy.missing_groups {
        words(&format!(
            "gatepost: there is no group {group}: a rule to require or refuse that names it applies to \
             everybody, since anybody might be in it"
        ));
    }
    Ok(Exit::Ok)
}

fn whole(policy: &Policy) -> String {
    let rows: Vec<Vec<String>> = policy
        .limits
        .iter()
        .map(|limit| {
            let key = if limit.key.is_empty() {
                "(fixed)"
            } else {
                limit.key
            };
            vec![key.to_owned(), limit.value.clone(), limit.what.to_owned()]
        })
        .collect();
    let mut text = table(&["KEY", "VALUE", "WHAT"], &rows);
    text.push_str(match policy.unenrolled {
        Unenrolled::Refuse => "\nunenrolled accounts: refused\n",
        Unenrolled::Ignore => "\nunenrolled accounts: not asked for a code\n",
    });
    text.push_str(&state(&policy.state));
    if policy.rules.is_empty() {
        text.push_str("no rules: everybody is asked\n");
    } else {
        text.push_str(&rules(policy));
    }
    text
}

fn state(state: &State) -> String {
    if let Some(trouble) = &state.trouble {
        return format!("{trouble}; gatepost policy history, then policy rollback N\n");
    }
    let version = state.version.unwrap_or(0);
    match &state.trial {
        None => format!("rules: policy version {version}\n"),
        Some(trial) => format!(
            "rules: policy version {version}, tried by {} for another {}; then version {} again. gatepost \
             policy confirm keeps it\n",
            trial.by,
            Span::from_secs(trial.seconds_left),
            trial.back_to
        ),
    }
}

fn rules(policy: &Policy) -> String {
    let any = |names: &[String]| {
        if names.is_empty() {
            "any".to_owned()
        } else {
            names.join(" ")
        }
    };
    let rows: Vec<Vec<String>> = policy
        .rules
        .iter()
        .map(|rule| {
            vec![
                rule.number.to_string(),
                rule.action.word().to_owned(),
                any(&rule.users),
                any(&rule.groups),
                any(&rule.services),
            ]
        })
        .collect();
    table(&["RULE", "ACTION", "USERS", "GROUPS", "SERVICES"], &rows)
}

fn at_services(found: &Effective) -> String {
    let rows: Vec<Vec<String>> = found
        .at
        .iter()
        .map(|at| {
            let rule = at
                .rule
                .map_or_else(|| "-".to_owned(), |rule| rule.to_string());
            vec![
                at.service.clone(),
                verdict(at.verdict).to_owned(),
                rule,
                at.sentence.clone(),
            ]
        })
        .collect();
    let head = format!("{}, by {}:\n", found.user, found.policy);
    head + &table(&["SERVICE", "WOULD BE", "RULE", "WHY"], &rows)
}

const fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Asked => "asked",
        Verdict::NotAsked => "not asked",
        Verdict::Refused => "refused",
        Verdict::Locked => "locked",
        Verdict::NoMail => "asked, no mail",
    }
}

pub(super) fn test(context: &Context, asked: &Test) -> Result<Exit, Failure> {
    decided(context, &asked.user, &asked.at, asked.file.as_deref())
}

/// Says what a sign-in would meet. A refusal is a check that says no.
pub(super) fn decided(
    context: &Context,
    user: &str,
    at: &At,
    file: Option<&str>,
) -> Result<Exit, Failure> {
    let admin = context.admin()?;
    let candidate = file
        .map(|name| file::candidate(context, name))
        .transpose()?;
    let user = effective::myself(&admin, user)?;
    let why = admin.policy_test(&user, &at.service, at.from.as_deref(), candidate.as_ref())?;
    context.one(&why, || told(&why))?;
    Ok(if why.verdict.lets_in() {
        Exit::Ok
    } else {
        Exit::No
    })
}

fn told(why: &Why) -> String {
    let mut text = format!(
        "{}\n\nBy {}, for {}:\n",
        why.sentence, why.policy, why.service
    );
    for (number, step) in (1..).zip(&why.steps) {
        // Writing to a String cannot fail.
        let _infallible = writeln!(text, "{number:>3}. {step}");
    }
    text.push_str("Nothing was sent, and nothing was counted.\n");
    text
}

pub(super) fn history(context: &Context) -> Result<Exit, Failure> {
    let admin = context.admin()?;
    let mut before = None;
    context.many(
        "versions",
        || {
            if before == Some(0) {
                return Ok(Vec::new());
            }
            let page = admin.policy_history(before, PAGE)?;
            before = Some(page.last().map_or(0, |row| row.version));
            Ok(page)
        },
        |page| {
            let head = vec!["VERSION", "STATE", "HOW", "FROM", "WHEN", "BY", "REASON"];
            (head, page.iter().map(row).collect())
        },
    )?;
    Ok(Exit::Ok)
}

fn row(row: &Row) -> Vec<String> {
    let how = match (row.restores, row.tried_for) {
        (Some(version), _) => format!("{} to {version}", row.how),
        (None, Some(seconds)) => format!("{} for {}", row.how, Span::from_secs(seconds)),
        (None, None) => row.how.clone(),
    };
    let from = row
        .based_on
        .map_or_else(|| "-".to_owned(), |version| version.to_string());
    vec![
        row.version.to_string(),
        row.state.to_owned(),
        how,
        from,
        row.at.clone(),
        row.by.clone(),
        row.reason.clone(),
    ]
}
