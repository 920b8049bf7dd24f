//! `gatepost policy`.

use clap::Subcommand;
use gatepost_shared::admin::policy::{self, Policy};
use gatepost_shared::policy::Unenrolled;
use gatepost_shared::policy::odds::Odds;
use gatepost_shared::policy::rules::Action;

use super::Context;
use super::exit::{Exit, Failure};
use super::output::{data, document, table, words};

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Show the limits and rules in force
    Show,
    /// Show what the limits leave an attacker who has the password
    Odds,
}

pub(crate) fn run(context: &Context, command: &Command) -> Result<Exit, Failure> {
    let (conf, operator) = (context.conf.as_deref(), &context.operator);
    match command {
        Command::Show => show(context, &policy::show(conf, operator)?),
        Command::Odds => odds(context, &policy::chances(conf, operator)?),
    }
}

fn show(context: &Context, policy: &Policy) -> Result<Exit, Failure> {
    if context.json {
        document(policy)?;
        return Ok(Exit::Ok);
    }
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
    if policy.rules.is_empty() {
        text.push_str("no rules: everybody is asked\n");
    } else {
        text.push_str(&rules(policy));
    }
    data(&text)?;
    for group in &policy.missing_groups {
        words(&format!(
            "gatepost: there is no group {group}: a rule to require or refuse that names it applies to \
             everybody, since anybody might be in it"
        ));
    }
    Ok(Exit::Ok)
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
            let action = match rule.action {
                Action::Skip => "skip",
                Action::Require => "require",
                Action::Refuse => "refuse",
            };
            vec![
                rule.number.to_string(),
                action.to_owned(),
                any(&rule.users),
                any(&rule.groups),
                any(&rule.services),
            ]
        })
        .collect();
    table(&["RULE", "ACTION", "USERS", "GROUPS", "SERVICES"], &rows)
}

fn odds(context: &Context, odds: &Odds) -> Result<Exit, Failure> {
    if context.json {
        document(odds)?;
        return Ok(Exit::Ok);
    }
    let rows: Vec<Vec<String>> = [
        ("one code", odds.per_code),
        ("an hour", odds.per_hour),
        ("a day", odds.per_day),
        ("until the row locks the account", odds.until_row_lock),
        ("a year, the owner signing in daily", odds.per_year),
        ("a day, 1,000 accounts", odds.thousand_accounts_per_day),
        ("a year, 1,000 accounts", odds.thousand_accounts_per_year),
    ]
    .into_iter()
    .map(|(what, chance)| vec![what.to_owned(), percent(chance), one_in(chance)])
    .collect();
    let mut text = table(&["AGAINST", "CHANCE", "ONE IN"], &rows);
    text.push_str(
        "\nThe chance that somebody who has the password guesses a code, all factors and budgets \
         counted.\n",
    );
    data(&text)?;
    Ok(Exit::Ok)
}

fn percent(chance: f64) -> String {
    let percent = chance * 100.0;
    if percent >= 0.01 {
        format!("{percent:.2} %")
    } else {
        format!("{percent:.1e} %")
    }
}

/// `33,333,333`
fn one_in(chance: f64) -> String {
    if chance <= 0.0 {
        return "never".to_owned();
    }
    let digits = format!("{:.0}", 1.0 / chance);
    let mut out = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{one_in, percent};

    #[test]
    fn chances_read_as_people_say_them() {
        assert_eq!(one_in(3.0e-8), "33,333,333");
        assert_eq!(one_in(0.5), "2");
        assert_eq!(percent(0.0198), "1.98 %");
        assert_eq!(percent(3.0e-8), "3.0e-6 %");
    }
}
