//! The loop: wait for an event, make a message of it, update, hand the effects out, draw. The only
//! place where these meet.

use std::io;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use super::Editor;
use super::effect::Effect;
use super::event::Event;
use super::gate::Gate;
use super::message::{Edit, Found, Message};
use super::model::Model;
use super::terminal::Screen;
use super::update::{begin, update};
use super::work::Workers;

/// How the console ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// Somebody left it.
    Left,
    /// By a signal.
    Signal(i32),
    /// By a fault, said in a sentence.
    Lost(String),
}

/// What the loop works on.
pub(crate) struct App<'a> {
    /// The state.
    pub(crate) model: Model,
    /// Who does what is to be done. They end first: while they are waited for, keys are read still, and
    /// must not be taken from whoever has the terminal next.
    pub(crate) workers: Workers,
    /// The terminal.
    pub(crate) screen: Screen,
    /// Where events come from.
    pub(crate) events: &'a Receiver<Event>,
    /// Milliseconds since some moment in the past.
    pub(crate) clock: &'a dyn Fn() -> u64,
    /// How the person edits a text.
    pub(crate) editor: &'a Editor<'a>,
    /// Who reads the keys.
    pub(crate) gate: &'a Gate,
}

impl App<'_> {
    /// Runs until somebody leaves, or it cannot go on.
    pub(crate) fn run(mut self) -> io::Result<Ending> {
        self.message(Message::Tick((self.clock)()))?;
        let first = begin(&mut self.model);
        self.perform(first)?;
        loop {
            self.screen.draw(&self.model)?;
            if let Some(ending) = self.wait()? {
                return Ok(ending);
            }
        }
    }

    /// Waits until there is something new to draw.
    fn wait(&mut self) -> io::Result<Option<Ending>> {
        loop {
            let event = match self.model.wakes() {
                None => self
                    .events
                    .recv()
                    .map_err(|_gone| RecvTimeoutError::Disconnected),
                Some(at) => {
                    let wait = at.saturating_sub((self.clock)());
                    self.events.recv_timeout(Duration::from_millis(wait))
                }
            };
            let said = self.model.wakes();
            self.message(Message::Tick((self.clock)()))?;
            let event = match event {
                Ok(event) => event,
                Err(RecvTimeoutError::Timeout) if self.model.wakes() == said => continue,
                Err(RecvTimeoutError::Timeout) => return Ok(None),
                Err(RecvTimeoutError::Disconnected) => {
                    return Ok(Some(Ending::Lost("every worker is gone".to_owned())));
                }
            };
            let mut is_seen = false;
            // What came in meanwhile is drawn at once with it.
            for event in std::iter::once(event).chain(self.events.try_iter()) {
                // A change is not seen before its rows are here.
                is_seen |= !matches!(event, Event::Message(Message::Changed));
                if let Some(ending) = self.take(event)? {
                    return Ok(Some(ending));
                }
            }
            if is_seen {
                return Ok(None);
            }
        }
    }

    fn take(&mut self, event: Event) -> io::Result<Option<Ending>> {
        match event {
            Event::Key(key) => self.message(Message::Key(key)),
            Event::Mouse(mouse) => self.message(Message::Mouse(mouse)),
            Event::Paste(text) => {
                for c in text.chars().take(LONGEST_PASTE) {
                    if self.model.is_typing() {
                        self.message(Message::Edit(Edit::Insert(c)))?;
                    }
                }
                Ok(None)
            }
            Event::Size(columns, rows) => {
                self.screen.renew(columns, rows)?;
                self.message(Message::Resized(columns, rows))
            }
            Event::Message(message) => self.message(message),
            Event::Continued => {
                self.screen.resume()?;
                let (columns, rows) = self.screen.size();
                self.message(Message::Resized(columns, rows))
            }
            Event::Signal(signal) => Ok(Some(Ending::Signal(signal))),
            Event::Lost(why) => Ok(Some(Ending::Lost(why))),
        }
    }

    fn message(&mut self, message: Message) -> io::Result<Option<Ending>> {
        let effects = update(&mut self.model, message);
        self.perform(effects)
    }

    fn perform(&mut self, effects: Vec<Effect>) -> io::Result<Option<Ending>> {
        for effect in effects {
            match effect {
                Effect::Quit => return Ok(Some(Ending::Left)),
                Effect::Suspend => {
                    if !self.screen.suspend()? {
                        let why = "Something is being written: Ctrl-Z once more in a moment.";
                        let told = Found::Done(Err(why.to_owned()));
                        self.message(Message::Found(Box::new(told)))?;
                        continue;
                    }
                    let (columns, rows) = self.screen.size();
                    self.message(Message::Resized(columns, rows))?;
                }
                Effect::Edit(text) => {
                    if let Some(ending) = self.edit(&text)? {
                        return Ok(Some(ending));
                    }
                }
                Effect::Copy(text) => self.screen.copy(text)?,
                Effect::CopyCode(code) => self.screen.copy(code.expose().to_owned())?,
                Effect::Mouse(is_ours) => self.screen.mouse(is_ours)?,
                Effect::Redraw => {
                    let (columns, rows) = self.screen.size();
                    self.screen.renew(columns, rows)?;
                }
                Effect::Summary
                | Effect::Activity
                | Effect::SignIns(_)
                | Effect::Missing
                | Effect::Applies(_)
                | Effect::Standing
                | Effect::Stream { .. }
                | Effect::Users { .. }
                | Effect::User { .. }
                | Effect::Sources(_)
                | Effect::Undoables
                | Effect::Plan(..)
                | Effect::LookThrough(..)
                | Effect::DropCopy(_)
                | Effect::Long(..)
                | Effect::Events { .. }
                | Effect::Mails { .. }
                | Effect::Post
                | Effect::Preview(_)
                | Effect::Checks
                | Effect::CheckChain
                | Effect::Each(..)
                | Effect::Stop(_)
                | Effect::Keys(_)
                | Effect::Export(..)
                | Effect::Policy(_)
                | Effect::Difference(..)
                | Effect::Keep(_)
                | Effect::Do(_) => self.workers.hand(effect)?,
            }
        }
        Ok(None)
    }

    /// Gives terminal and keys to the person's editor, and takes them back.
    fn edit(&mut self, text: &str) -> io::Result<Option<Ending>> {
        let edited = if self.gate.lend() {
            let edited = self.screen.lend(|| (self.editor)(text));
            self.gate.take_back();
            edited?
        } else {
            self.gate.take_back();
            Err("the keys could not be given to an editor: gatepost policy show --text".to_owned())
        };
        let (columns, rows) = self.screen.size();
        self.message(Message::Resized(columns, rows))?;
        self.message(Message::Edited((self.clock)(), edited))
    }
}

/// Characters of a paste that are taken.
const LONGEST_PASTE: usize = 512;
