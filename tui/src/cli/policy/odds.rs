//! `gatepost policy odds`.

use gatepost_shared::admin::policy;
use gatepost_shared::admin::roles::Right;
use gatepost_shared::policy::odds::Odds;

use super::super::Context;
use super::super::exit::{Exit, Failure};
use super::super::output::table;

pub(super) fn run(context: &Context) -> Result<Exit, Failure> {
    let admin = context.admin()?;
    admin.may(Right::Look)?;
    let odds = policy::chances(admin.config());
    context.one(&odds, || shown(&odds))?;
    Ok(Exit::Ok)
}

fn shown(odds: &Odds) -> String {
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
        "\nThe chance that somebody who has the password guesses a code, all factors (mailed, \
         recovery and bypass codes) and their budgets counted.\n",
    );
    text
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
