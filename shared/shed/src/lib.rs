//! Shedding what a process of root's inherits from whoever started it: who may signal it, how it is
//! scheduled, what it may use, what interrupts it, which control group it can be frozen in.
//!
//! Both that hold the store's lock begin with this: the helper of a login, which `su` started, and
//! the administrator's program, which sudo started. Who that was is decided elsewhere.
//!
//! - [`process`]: one function for each thing that is shed; all the unsafe code
//! - [`cgroup`]: leaving the caller's control groups

mod cgroup;
mod process;

pub use self::process::{Fault, Groups, become_root_at_a_terminal, shed};
