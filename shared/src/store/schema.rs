//! The schema's versions: an append-only list of migrations, counted by `user_version`.
//!
//! A login never migrates: a store of another version is a refusal, a newer one in particular.
//! `gatepost setup` creates and migrates.

use rusqlite::{Connection, Transaction, TransactionBehavior};

use super::error::{Problem, StoreError};

/// Marks the file as ours in SQLite's header: `GPST`.
const APPLICATION_ID: i64 = 0x4750_5354;

/// Never edit, remove or reorder an entry: stores out there count them.
const MIGRATIONS: [&str; 7] = [
    include_str!("schema_1.sql"),
    include_str!("schema_2.sql"),
    include_str!("schema_3.sql"),
    include_str!("schema_4.sql"),
    include_str!("schema_5.sql"),
    include_str!("schema_6.sql"),
    include_str!("schema_7.sql"),
];

/// The version that this program reads and writes.
pub const VERSION: i64 = 7;
const _: () = assert!(MIGRATIONS.len() == 7, "VERSION counts the migrations");

/// Refuses a store of another version.
pub fn check(connection: &Connection) -> Result<(), StoreError> {
    let doing = "reading the store's version";
    let (version, application) = versions(connection)?;
    if application != APPLICATION_ID {
        return Err(StoreError::odd(doing, "it is not a Gatepost store"));
    }
    match version {
        VERSION => Ok(()),
        newer if newer > VERSION => Err(StoreError {
            doing,
            problem: Problem::Newer {
                found: newer,
                known: VERSION,
            },
        }),
        found => Err(StoreError {
            doing,
            problem: Problem::NotMigrated {
                found,
                known: VERSION,
            },
        }),
    }
}

/// The version of a store of ours, whatever it is.
pub fn version(connection: &Connection) -> Result<i64, StoreError> {
    let doing = "reading the store's version";
    ours(connection)?.ok_or_else(|| StoreError::odd(doing, "it is not a Gatepost store"))
}

/// The version of a store, whatever it is; none where it is none of ours.
pub fn ours(connection: &Connection) -> Result<Option<i64>, StoreError> {
    let (version, application) = versions(connection)?;
    Ok((application == APPLICATION_ID).then_some(version))
}

/// Brings a store to this program's version, in one transaction.
pub fn migrate(connection: &mut Connection) -> Result<(), StoreError> {
    let doing = "migrating the store";
    let failed = StoreError::sqlite;
    let tx = connection
        .transaction_with_behavior(TransactionBehavior::Exclusive)
        .map_err(failed(doing))?;
    let (version, application) = versions(&tx)?;
    if version > VERSION {
        let problem = Problem::Newer {
            found: version,
            known: VERSION,
        };
        return Err(StoreError { doing, problem });
    }
    if version != 0 && application != APPLICATION_ID {
        return Err(StoreError::odd(doing, "it is not a Gatepost store"));
    }
    let done = usize::try_from(version)
        .map_err(|_negative| StoreError::odd(doing, format!("it has version {version}")))?;
    for migration in MIGRATIONS.iter().skip(done) {
        tx.execute_batch(migration).map_err(failed(doing))?;
    }
    stamp(&tx).map_err(failed(doing))?;
    tx.commit().map_err(failed(doing))
}

fn stamp(tx: &Transaction<'_>) -> Result<(), rusqlite::Error> {
    tx.pragma_update(None, "application_id", APPLICATION_ID)?;
    tx.pragma_update(None, "user_version", VERSION)
}

fn versions(connection: &Connection) -> Result<(i64, i64), StoreError> {
    let pragma = |name: &str| {
        connection
            .query_row(&format!("PRAGMA {name}"), [], |row| row.get::<_, i64>(0))
            .map_err(StoreError::sqlite("reading the store's version"))
    };
    Ok((pragma("user_version")?, pragma("application_id")?))
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;
    use sha2::{Digest, Sha256};

    use super::{APPLICATION_ID, MIGRATIONS, VERSION, check, migrate};
    use crate::store::error::Problem;

    #[test]
    fn a_store_is_migrated_once_and_then_left_alone() {
        let mut connection = Connection::open_in_memory().unwrap();
        assert!(check(&connection).is_err());
        migrate(&mut connection).unwrap();
        check(&connection).unwrap();
        migrate(&mut connection).unwrap();
        check(&connection).unwrap();
    }

    #[test]
    fn a_store_of_the_first_version_is_brought_to_this_one_with_what_it_holds() {
        let mut connection = Connection::open_in_memory().unwrap();
        let first = format!(
            "{}; PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = 1;
             INSERT INTO accounts (name, uid, state, created_wall) VALUES ('alice', 1, 'active', 0)",
            MIGRATIONS[0]
        );
        connection.execute_batch(&first).unwrap();
        let refused = check(&connection).unwrap_err();
        assert!(matches!(
            refused.problem,
            Problem::NotMigrated { found: 1, .. }
        ));
        migrate(&mut connection).unwrap();
        check(&connection).unwrap();
        let left = connection.query_row(
            "SELECT (SELECT count(*) FROM accounts) + (SELECT count(*) FROM strangers)",
            [],
            |row| row.get::<_, i64>(0),
        );
        assert_eq!(left, Ok(1));
    }

    #[test]
    fn a_newer_a_negative_and_a_foreign_store_are_refused() {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection).unwrap();
        for version in [VERSION + 1, i64::from(i32::MAX), -1] {
            connection
                .pragma_update(None, "user_version", version)
                .unwrap();
            assert!(check(&connection).is_err(), "{version}");
            assert!(migrate(&mut connection).is_err(), "{version}");
        }
        connection
            .pragma_update(None, "user_version", VERSION)
            .unwrap();
        connection.pragma_update(None, "application_id", 1).unwrap();
        let Err(error) = check(&connection) else {
            panic!("a foreign store was taken")
        };
        assert!(matches!(error.problem, Problem::Odd(_)), "{error}");
    }

    #[test]
    fn migrations_are_never_edited() {
        // Stores out there were made by these very texts: a change is a new migration.
        let known = [
            "f67f1b96213d0fb56d2c44d099e37d253e50ec3c0f1dcedcf684bf3346bbc80a",
            "20bf4febab1a45764d51659a3c6a6d0335bf88cf1330a661b86e477468e47def",
            "302d6ef309c5d9dbd16237231807dcc46b47db1eb374ca9d855c134b24783cb5",
            "f668dafb7ec5a8821742711a18a2c825012fed19c2cd076bd73c01147bb16921",
            "7ead56fb9038a76717d6bc9c6b529dc5b9ab2294465b63ad9ba486a6851c7f69",
            "eb58ae4a1ffd8af00b9c838225d59f8fc5134276c8851dc49dd55167d675126b",
            "2872194117179eb78af0194b4bc89025e10eb25889d2bb4b1fb8917b0a0d1ef5",
        ];
        let hashes = MIGRATIONS.map(|migration| {
            let digest = Sha256::digest(migration.as_bytes());
            crate::store::events::hex(&digest)
        });
        assert_eq!(hashes, known);
    }
}
