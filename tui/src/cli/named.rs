//! Files that somebody named on the command line, `-` among them: the standard input or output. Which
//! person opens them is [`super::person`]'s.

use std::io::{self, BufRead, BufReader, IsTerminal, Write};
use std::path::Path;

use super::exit::{Exit, Failure};
use super::standard::{Input, Output};
use super::{Context, person};

/// Opens a file, or the standard input, for reading.
pub(crate) fn read(context: &Context, name: &str) -> Result<Box<dyn BufRead>, Failure> {
    if name == "-" {
        return Ok(Box::new(BufReader::new(Input)));
    }
    let file = person::open_read(context, Path::new(name))?;
    Ok(Box::new(BufReader::new(file)))
}

/// Makes a file that only its owner reads, never over one that is there; or opens the standard output,
/// which must not be a terminal: what is written is no text.
pub(crate) fn create(context: &Context, name: &str) -> Result<Box<dyn Write>, Failure> {
    if name == "-" {
        if io::stdout().is_terminal() {
            let text =
                "this is no text for a terminal: name a file, or send it on with |".to_owned();
            return Err(Failure::Said(Exit::Usage, text));
        }
        return Ok(Box::new(Output));
    }
    Ok(Box::new(Whole(person::create(context, Path::new(name))?)))
}

/// A file that is on the disk once it is flushed.
struct Whole(std::fs::File);

impl Write for Whole {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.sync_all()
    }
}
