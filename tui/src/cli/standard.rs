//! Standard input, output and error of the subcommands. Each may wait for a person or a terminal, and
//! is where signals that were held back are let in: nothing here is called inside a transaction.

use std::io::{self, Read, Write};

use gatepost_shared::signals::let_in;

/// The standard input, unbuffered beyond what the library keeps.
pub(crate) struct Input;

/// The standard output.
pub(crate) struct Output;

/// The standard error.
pub(crate) struct Errors;

impl Read for Input {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let_in(|| io::stdin().lock().read(buffer))
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let_in(|| io::stdout().lock().write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        let_in(|| io::stdout().lock().flush())
    }
}

impl Write for Errors {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let_in(|| io::stderr().lock().write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
