//! What Gatepost decides, keeps and does.
//!
//! Imports go downwards only:
//!
//! - verbs: [`login`] for the helper, [`admin`] for the console and its subcommands, [`notices`]
//!   for both
//! - doors, each to one part of the world, none knowing another: [`config`], [`store`], [`mail`],
//!   [`host`], [`files`], [`people`], [`signals`], [`syslog`], [`witness`]
//! - decisions, pure: [`policy`], [`code`]
//! - words: the `gatepost_words` crate

#![forbid(unsafe_code)]

pub mod admin;
pub mod code;
pub mod config;
pub mod files;
pub mod host;
pub mod login;
pub mod mail;
pub mod notices;
pub mod people;
pub mod policy;
pub mod signals;
pub mod store;
pub mod syslog;
pub mod witness;
