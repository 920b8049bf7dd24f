//! The terminal: taken over, drawn on, given back. Whatever ends the program, the terminal is as it
//! was before.

use std::cell::RefCell;
use std::io::{self, Write};
use std::panic;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering};

use crossterm::clipboard::CopyToClipboard;
use crossterm::cursor::{Hide, Show};
use crossterm::event::{DisableBracketedPaste, EnableBracketedPaste};
use crossterm::style::{Colored, Print};
use crossterm::terminal::{
    self, BeginSynchronizedUpdate, Clear, ClearType, EndSynchronizedUpdate, EnterAlternateScreen,
    LeaveAlternateScreen,
};
use crossterm::{execute, queue};
use gatepost_shared::{admin, signals};
use ratatui::backend::CrosstermBackend;
use ratatui::layout::Rect;
use ratatui::{Terminal, TerminalOptions, Viewport};

use super::model::Model;
use super::view::view;

/// The terminal while it is ours.
pub(crate) struct Screen {
    terminal: Terminal<CrosstermBackend<Frames>>,
    frames: Frames,
    size: (u16, u16),
    has_mouse: bool,
}

/// Presses and the wheel, told in the form that has no limit of columns. Not every move: those would be
/// events for nothing.
const MOUSE: &str = "\u{1b}[?1000h\u{1b}[?1006h";
const NO_MOUSE: &str = "\u{1b}[?1006l\u{1b}[?1000l";

/// A picture's bytes, which go out in one write.
#[derive(Clone, Default)]
struct Frames(Rc<RefCell<Vec<u8>>>);

impl Screen {
    /// Takes the terminal over.
    pub(crate) fn take() -> io::Result<Self> {
        // crossterm 0.29 answers NO_COLOR by an empty SGR, which ends reverse and bold too: the
        // selected row could not be seen. Our own theme has no colours then.
        Colored::set_ansi_color_disabled(false);
        // Asked before anything is taken: where it fails, there is nothing to give back.
        let size = size()?;
        give_back_in_panic();
        enter()?;
        let frames = Frames::default();
        Ok(Self {
            terminal: fresh(&frames, size)?,
            frames,
            size,
            has_mouse: false,
        })
    }

    /// Columns and rows.
    pub(crate) const fn size(&self) -> (u16, u16) {
        self.size
    }

    /// Takes the mouse, or leaves it to the terminal.
    pub(crate) fn mouse(&mut self, is_ours: bool) -> io::Result<()> {
        self.has_mouse = is_ours;
        execute!(io::stdout(), Print(if is_ours { MOUSE } else { NO_MOUSE }))
    }

    /// Has the terminal copy a text.
    pub(crate) fn copy(&mut self, text: String) -> io::Result<()> {
        queue!(self.frames, CopyToClipboard::to_clipboard_from(text))?;
        self.frames.send()
    }

    /// Draws in one write.
    pub(crate) fn draw(&mut self, model: &Model) -> io::Result<()> {
        queue!(self.terminal.backend_mut(), BeginSynchronizedUpdate)?;
        self.terminal.draw(|frame| view(model, frame))?;
        queue!(self.terminal.backend_mut(), EndSynchronizedUpdate)?;
        self.frames.send()
    }

    /// Begins with an empty screen of that size. A new one, since ratatui asks the terminal for its
    /// cursor when it clears, and the answer would come among the keys.
    pub(crate) fn renew(&mut self, columns: u16, rows: u16) -> io::Result<()> {
        self.size = (columns, rows);
        self.terminal = fresh(&self.frames, self.size)?;
        Ok(())
    }

    /// Gives the terminal back, stops until `fg`, takes it over again. False where some thread stayed
    /// inside the store, which must not be stopped there.
    pub(crate) fn suspend(&mut self) -> io::Result<bool> {
        let stopped = admin::outside_the_store(|| {
            leave()?;
            // This is the main thread: it stops before the call returns.
            signals::stop_here()?;
            io::Result::Ok(())
        });
        let Some(stopped) = stopped else {
            return Ok(false);
        };
        stopped?;
        self.resume()?;
        Ok(true)
    }

    /// Gives the terminal to somebody else for as long as they need it.
    pub(crate) fn lend<T>(&mut self, borrow: impl FnOnce() -> T) -> io::Result<T> {
        leave()?;
        let done = borrow();
        self.resume()?;
        Ok(done)
    }

    /// Takes the terminal over again after somebody else had it.
    pub(crate) fn resume(&mut self) -> io::Result<()> {
        // A shell may have set the terminal's modes meanwhile, which crossterm does not know.
        terminal::disable_raw_mode()?;
        enter()?;
        self.mouse(self.has_mouse)?;
        // Where the terminal does not say, it is as large as it was.
        let (columns, rows) = size().unwrap_or(self.size);
        self.renew(columns, rows)
    }
}

/// Columns and rows, by the kernel's word. Not crossterm's, which starts `tput` where the kernel has none.
pub(crate) fn size() -> io::Result<(u16, u16)> {
    let size = rustix::termios::tcgetwinsize(io::stdout())?;
    Ok((size.ws_col, size.ws_row))
}

impl Drop for Screen {
    fn drop(&mut self) {
        // The terminal may be gone; then nobody sees it.
        let _gone = leave();
    }
}

/// Whether the terminal is ours now. Whoever gives it back takes this: it is given back once, also where a
/// panic's hook did and the screen is dropped after it. A second time would put the cursor where it was
/// before, and what comes next over the words of the panic.
static IS_OURS: AtomicBool = AtomicBool::new(false);

fn enter() -> io::Result<()> {
    IS_OURS.store(true, Ordering::SeqCst);
    terminal::enable_raw_mode()?;
    execute!(
        io::stdout(),
        EnterAlternateScreen,
        EnableBracketedPaste,
        Hide
    )
}

fn leave() -> io::Result<()> {
    // Between two pictures, whichever thread panics; the lock lets the one in that has it.
    let mut out = io::stdout().lock();
    if !IS_OURS.swap(false, Ordering::SeqCst) {
        return Ok(());
    }
    let shown = execute!(
        out,
        EndSynchronizedUpdate,
        Print(NO_MOUSE),
        DisableBracketedPaste,
        LeaveAlternateScreen,
        Show
    );
    // The modes are given back even where nothing can be written.
    terminal::disable_raw_mode()?;
    shown
}

/// A panic's words are to be read on the terminal as it was.
fn give_back_in_panic() {
    let before = panic::take_hook();
    panic::set_hook(Box::new(move |told| {
        let _gone = leave();
        before(told);
    }));
}

fn fresh(
    frames: &Frames,
    (columns, rows): (u16, u16),
) -> io::Result<Terminal<CrosstermBackend<Frames>>> {
    let mut backend = CrosstermBackend::new(frames.clone());
    queue!(backend, Clear(ClearType::All))?;
    let viewport = Viewport::Fixed(Rect::new(0, 0, columns, rows));
    Terminal::with_options(backend, TerminalOptions { viewport })
}

impl Frames {
    /// Nothing where another thread panicked, and the terminal is the shell's again.
    fn send(&self) -> io::Result<()> {
        let mut out = io::stdout().lock();
        if IS_OURS.load(Ordering::SeqCst) {
            out.write_all(&self.0.borrow())?;
        }
        self.0.borrow_mut().clear();
        out.flush()
    }
}

impl Write for Frames {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    /// Nothing: a picture is sent when it is whole.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
