//! The words on the pam.d line. An unknown word is a refusal, not a shrug: a misspelt option that
//! is silently off is how second factors get lost.
//!
//! Not for settings: those are the helper's, in the file that `conf=` names.

use std::ffi::CStr;
use std::fmt;

use gatepost_words::text::log_value;
use gatepost_words::wire::Proved;

/// What the line says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Arguments {
    /// `conf=`: another configuration than the built-in path.
    pub(crate) conf: Option<String>,
    /// `helper=`: another helper than the installed one.
    pub(crate) helper: String,
    /// `decoy`: this line belongs to a decoy stack.
    pub(crate) decoy: bool,
    /// `after=`: what the stack proved before this line.
    pub(crate) after: Proved,
    /// `debug`: log the steps.
    pub(crate) debug: bool,
}

impl Arguments {
    /// Reads the words; every bad one is named, so that one look at the log mends the line.
    pub(crate) fn parse(words: &[&CStr]) -> Result<Self, BadArguments> {
        let mut read = Read::default();
        let mut bad = Vec::new();
        for word in words {
            if let Err(why) = read.word(word) {
                bad.push(format!("{} ({why})", log_value(&word.to_string_lossy())));
            }
        }
        if !bad.is_empty() {
            return Err(BadArguments(bad));
        }
        let decoy = read.decoy.is_some();
        Ok(Self {
            conf: read.conf,
            helper: read.helper.unwrap_or_else(|| DEFAULT_HELPER.to_owned()),
            decoy,
            // A decoy stack reaches its dummy line when the password was wrong; only its real line
            // says what was proved.
            after: read.after.unwrap_or(if decoy {
                Proved::Nothing
            } else {
                Proved::Password
            }),
            debug: read.debug.is_some(),
        })
    }
}

/// The words that were not understood, each with its reason.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct BadArguments(Vec<String>);

impl fmt::Display for BadArguments {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the pam.d line has arguments that cannot be used: {}",
            self.0.join(", ")
        )
    }
}

/// What was read so far; a second mention of anything is an error, not an override.
#[derive(Default)]
struct Read {
    conf: Option<String>,
    helper: Option<String>,
    decoy: Option<()>,
    after: Option<Proved>,
    debug: Option<()>,
}

impl Read {
    fn word(&mut self, word: &CStr) -> Result<(), &'static str> {
        let word = word.to_str().map_err(|_not_utf8| "not UTF-8")?;
        match word.split_once('=') {
            Some(("conf", path)) => once(&mut self.conf, absolute(path)?),
            Some(("helper", path)) => once(&mut self.helper, absolute(path)?),
            Some(("after", "password")) => once(&mut self.after, Proved::Password),
            Some(("after", "key")) => once(&mut self.after, Proved::Key),
            Some(("after", _)) => Err("after= takes password or key"),
            None if word == "decoy" => once(&mut self.decoy, ()),
            None if word == "debug" => once(&mut self.debug, ()),
            Some(_) | None => Err("unknown"),
        }
    }
}

fn once<T>(place: &mut Option<T>, value: T) -> Result<(), &'static str> {
    if place.replace(value).is_some() {
        return Err("given twice");
    }
    Ok(())
}

fn absolute(path: &str) -> Result<String, &'static str> {
    if path.len() > PATH_LIMIT {
        return Err("the path is too long");
    }
    if !path.starts_with('/') || path.ends_with('/') {
        return Err("not an absolute path of a file");
    }
    Ok(path.to_owned())
}

const DEFAULT_HELPER: &str = "/usr/libexec/gatepost/gatepost-helper";
const PATH_LIMIT: usize = 1024;

#[cfg(test)]
mod tests {
    use std::ffi::CString;

    use gatepost_words::wire::Proved;
    use proptest::collection::vec;
    use proptest::prelude::{prop_assert, prop_assert_eq, proptest};

    use super::{Arguments, BadArguments, DEFAULT_HELPER};

    fn parse(line: &str) -> Result<Arguments, BadArguments> {
        let words: Vec<CString> = line
            .split_whitespace()
            .map(|word| CString::new(word).unwrap())
            .collect();
        let words: Vec<_> = words.iter().map(CString::as_c_str).collect();
        Arguments::parse(&words)
    }

    fn plain() -> Arguments {
        Arguments {
            conf: None,
            helper: DEFAULT_HELPER.to_owned(),
            decoy: false,
            after: Proved::Password,
            debug: false,
        }
    }

    #[test]
    fn shipped_lines_mean_what_they_say() {
        let cases = [
            ("", plain()),
            (
                "after=key debug",
                Arguments {
                    after: Proved::Key,
                    debug: true,
                    ..plain()
                },
            ),
            (
                "decoy",
                Arguments {
                    decoy: true,
                    after: Proved::Nothing,
                    ..plain()
                },
            ),
            (
                "decoy after=password",
                Arguments {
                    decoy: true,
                    ..plain()
                },
            ),
            (
                "conf=/a/b helper=/c",
                Arguments {
                    conf: Some("/a/b".to_owned()),
                    helper: "/c".to_owned(),
                    ..plain()
                },
            ),
        ];
        for (line, expected) in cases {
            assert_eq!(parse(line), Ok(expected), "{line:?}");
        }
    }

    #[test]
    fn every_word_that_is_not_understood_is_a_refusal() {
        let long = format!("conf=/{}", "a".repeat(1024));
        let cases = [
            "nullok",
            "Decoy",
            "decoy=yes",
            "debug=",
            "conf",
            "conf=",
            "conf=a",
            "conf=./a",
            "conf=/",
            "conf=/a/",
            "helper=",
            "helper=gatepost-helper",
            "after",
            "after=",
            "after=Password",
            "after=nothing",
            "after=password,key",
            "debug debug",
            "decoy decoy",
            "conf=/a conf=/a",
            "after=key after=password",
            "fail_mode=open",
            &long,
        ];
        for line in cases {
            assert!(parse(line).is_err(), "{line:?}");
        }
    }

    #[test]
    fn all_bad_words_are_named_and_none_can_forge_a_log_line() {
        let told = parse("debug nullok conf=x\u{1b}[0m")
            .unwrap_err()
            .to_string();
        assert!(told.contains("nullok (unknown)"), "{told}");
        assert!(told.contains("conf=x\\u{1b}[0m"), "{told}");
        assert!(!told.contains('\u{1b}'), "{told}");
        let not_utf8 = CString::new(vec![b'a', 0xff]).unwrap();
        let told = Arguments::parse(&[&not_utf8]).unwrap_err().to_string();
        assert!(told.contains("(not UTF-8)"), "{told}");
    }

    proptest! {
        // Mutant: an unknown or doubled word is passed over; a value is cut at a byte that is no text.
        #[test]
        fn fuzz_args(words in vec(vec(1_u8..=255, 0..40), 1..6)) {
            let owned: Vec<CString> = words.iter().map(|word| CString::new(&word[..]).unwrap()).collect();
            let line: Vec<_> = owned.iter().map(CString::as_c_str).collect();
            // No word that chance makes is one of ours, save the empty one's absence.
            if let Err(BadArguments(bad)) = Arguments::parse(&line) {
                prop_assert_eq!(bad.len(), words.len());
            } else {
                prop_assert!(false, "{:?} was understood", words);
            }
        }

        #[test]
        fn fuzz_args_near_ours(word in "(conf=|helper=|after=|decoy|debug){1,2}[a-z/=.]{0,12}") {
            let owned = CString::new(word.as_str()).unwrap();
            let known = match word.split_once('=') {
                None => matches!(&*word, "decoy" | "debug"),
                Some(("after", value)) => matches!(value, "key" | "password"),
                Some((name, path)) => {
                    let is_file = path.starts_with('/') && !path.ends_with('/');
                    matches!(name, "conf" | "helper") && is_file
                }
            };
            prop_assert_eq!(Arguments::parse(&[&owned]).is_ok(), known, "{}", word);
        }
    }
}
