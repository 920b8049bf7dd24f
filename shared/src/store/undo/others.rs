//! Taking back what is no change of an account's row: a bypass code, shields, the rules. Each is
//! guarded by what the act left, compared by value, in place of an account's version.

use gatepost_words::time::StoreTime;
use rusqlite::{Connection, Transaction, params};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Back, Batch, DOING, Open, Taken};
use crate::host::Now;
use crate::store::accounts::{Actor, Asked, act};
use crate::store::error::StoreError;
use crate::store::kinds::Kind;
use crate::store::shields::{self, Change};
use crate::store::{bypass, policies};

/// What takes back an act that leaves an account's row as it is.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(in crate::store) enum Other {
    /// End the bypass code of that number.
    Bypass(i64),
    /// Have these networks' shields be what they were.
    Shields(Vec<Change>),
    /// Bring the rules of the version before back, as a version of its own. The act put that one in
    /// force; the entry's versions say which one is in force by it now, and which was kept before.
    Rules(i64),
    /// End the try of that version.
    Try(i64),
}

/// What an act is about that is about no account's row, and what taking it back needs looked at first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum About {
    /// An account.
    Account,
    /// These networks; the ones that would be shielded by it.
    Networks {
        /// All of them.
        all: Vec<String>,
        /// Those that are put up.
        up: Vec<String>,
    },
    /// A version of the policy.
    Version {
        /// That which the act put in force.
        made: i64,
        /// That which must be in force.
        in_force: i64,
        /// That whose rules come back.
        to: i64,
    },
}

impl About {
    /// Of what takes an act back, with the versions of its entry.
    pub(super) fn of(back: &Back, (to, in_force): (i64, i64)) -> Self {
        let Back::Other(other) = back else {
            return Self::Account;
        };
        match other {
            Other::Bypass(_) => Self::Account,
            Other::Shields(changes) => Self::Networks {
                all: changes
                    .iter()
                    .map(|change| change.network.clone())
                    .collect(),
                up: changes
                    .iter()
                    .filter(|change| change.before.is_some())
                    .map(|change| change.network.clone())
                    .collect(),
            },
            Other::Rules(made) | Other::Try(made) => Self::Version {
                made: *made,
                in_force,
                to,
            },
        }
    }

    /// In words: `203.0.113.0/24 and 2 more`, `version 8`; empty for an account, which has a name.
    pub fn words(&self) -> String {
        match self {
            Self::Account => String::new(),
            Self::Networks { all, .. } => match all.as_slice() {
                [] => String::new(),
                [one] => one.clone(),
                [first, more @ ..] => format!("{first} and {} more", more.len()),
            },
            Self::Version { made, .. } => format!("version {made}"),
        }
    }
}

/// Takes it back: what does it again, where that can be, and what is so now.
pub(super) fn take(
    tx: &Transaction<'_>,
    now: &Now,
    at: StoreTime,
    actor: &Actor,
    (id, row): (i64, &Open),
    other: &Other,
    asked: &Asked,
) -> Result<Taken, StoreError> {
    let about = About::of(&row.back, row.versions);
    let mut detail = json!({"act": row.kind, "entry": id, "reason": asked.reason});
    if let (Other::Shields(_) | Other::Rules(_) | Other::Try(_), Some(fields)) =
        (other, detail.as_object_mut())
    {
        fields.insert("about".to_owned(), about.words().into());
    }
    act(tx, now, actor, Kind::Undo, &row.account, detail)?;
    let mut taken = Taken {
        account: row.account.clone(),
        about: about.words(),
        now: String::new(),
        again: None,
        versions: None,
    };
    let mut versions = row.versions;
    let again = match other {
        // Shown once, so it is nobody's to bring back.
        Other::Bypass(code) => {
            bypass::take_back(tx, now, actor, &row.account, *code, &asked.reason)?;
            None
        }
        Other::Shields(changes) => {
            let again = shields::put_back(tx, now, at, actor, changes, &asked.reason)?;
            Some(Other::Shields(again))
        }
        Other::Rules(_) => {
            let (to, made) = row.versions;
            let version = policies::go_back(tx, now, actor, made, to, &asked.reason)?;
            restamp(tx, to, version)?;
            taken.now = format!("policy version {version} is in force, with the rules of {to}");
            versions = (made, version);
            Some(Other::Rules(version))
        }
        // The next try begins with its own time.
        Other::Try(tried) => {
            let kept = policies::end_try(tx, now, actor, *tried, &asked.reason)?;
            taken.now = format!("policy version {kept} is in force again");
            None
        }
    };
    if let Some(again) = again {
        let entry = super::Entry {
            account: None,
            kind: &row.kind,
            back: &Back::Other(again),
            versions,
            batch: Batch::Alone,
            undoes: Some(row.undone_as),
        };
        taken.again = Some(super::write(tx, now, at, actor, &entry)?);
    }
    Ok(taken)
}

/// Whether what an act did is over, so that there is nothing to take back. What cannot be read is not known
/// to be.
pub(super) fn is_over(
    connection: &Connection,
    (now, at): (&Now, StoreTime),
    back: Option<&Back>,
) -> Result<bool, StoreError> {
    let Some(Back::Other(other)) = back else {
        return Ok(false);
    };
    Ok(match other {
        Other::Bypass(code) => !bypass::is_untouched(connection, now, *code)?,
        Other::Shields(changes) => changes.iter().all(|change| change.is_over(at)),
        // Whether another version followed is for whoever takes it back to be told.
        Other::Rules(_) => false,
        Other::Try(tried) => !policies::is_tried(connection, now, *tried)?,
    })
}

/// The open entries that are about shields.
pub(in crate::store) fn open_shields(
    tx: &Transaction<'_>,
) -> Result<Vec<(i64, Vec<Change>)>, StoreError> {
    let rows: Vec<(i64, String)> = tx
        .prepare_cached(
            "SELECT id, back FROM undo
             WHERE account IS NULL AND state = 'open' AND kind LIKE 'shield-%'",
        )
        .and_then(|mut statement| {
            statement
                .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
                .collect()
        })
        .map_err(StoreError::sqlite(DOING))?;
    let mut entries = Vec::new();
    for (id, back) in rows {
        // One that cannot be read is refused when it is to be taken back, and keeps no shield down.
        if let Ok(Back::Other(Other::Shields(changes))) = super::parsed(id, &back) {
            entries.push((id, changes));
        }
    }
    Ok(entries)
}

/// Has an entry take its act back by something else.
pub(in crate::store) fn set_back(
    tx: &Transaction<'_>,
    id: i64,
    back: &Back,
) -> Result<(), StoreError> {
    tx.execute(
        "UPDATE undo SET back = ?2 WHERE id = ?1",
        params![id, super::text(back)?],
    )
    .map_err(StoreError::sqlite(DOING))?;
    Ok(())
}

/// What put the version in force that is brought back is as it was right after it: it can be taken back too.
fn restamp(tx: &Transaction<'_>, to: i64, version: i64) -> Result<(), StoreError> {
    tx.execute(
        "UPDATE undo SET version_after = ?2
         WHERE account IS NULL AND version_after = ?1 AND state = 'open' AND kind LIKE 'policy-%'",
        params![to, version],
    )
    .map_err(StoreError::sqlite(DOING))?;
    Ok(())
}
