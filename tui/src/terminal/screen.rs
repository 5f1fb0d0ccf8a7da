//! The terminal's modes: set once, and put back from wherever the program ends.

use super::Options;
use super::writer::Writer;
use crossterm::cursor::{Hide, Show};
use crossterm::event::{DisableBracketedPaste, EnableBracketedPaste};
use crossterm::queue;
use crossterm::style::ResetColor;
use crossterm::terminal::{
    EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode,
    enable_raw_mode,
};
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Reports clicks and the wheel, but not every movement: that would wake the program for nothing.
const MOUSE_ON: &[u8] = b"\x1b[?1000h\x1b[?1006h";

/// Undoes [`MOUSE_ON`].
const MOUSE_OFF: &[u8] = b"\x1b[?1006l\x1b[?1000l";

/// How long a terminal that takes nothing is waited for when it is given back.
const PATIENCE: Duration = Duration::from_millis(400);

/// The terminal's modes.
#[derive(Debug)]
pub(super) struct Screen {
    pub(super) writer: Writer,
    options: Options,
    entered: AtomicBool,
}

impl Screen {
    pub(super) fn new(writer: Writer, options: Options) -> Self {
        Self {
            writer,
            options,
            entered: AtomicBool::new(false),
        }
    }

    /// Returns whether the terminal is the program's.
    pub(super) fn is_entered(&self) -> bool {
        self.entered.load(Ordering::SeqCst)
    }

    /// Takes the terminal.
    pub(super) fn enter(&self) -> io::Result<()> {
        if self.entered.swap(true, Ordering::SeqCst) {
            return Ok(());
        }
        self.set_modes().inspect_err(|_| self.leave())
    }

    /// Takes the terminal from whoever had it while the program was stopped and had not given it back.
    pub(super) fn enter_again(&self) -> io::Result<()> {
        // What is put back in the end is how it was in the beginning.
        disable_raw_mode()?;
        self.set_modes()
    }

    fn set_modes(&self) -> io::Result<()> {
        enable_raw_mode()?;
        let mut bytes = Vec::new();
        queue!(bytes, EnterAlternateScreen, EnableBracketedPaste, Hide)?;
        if self.options.mouse {
            bytes.extend_from_slice(MOUSE_ON);
        }
        self.writer.submit(bytes)
    }

    /// Gives the terminal back as it was, if it is the program's.
    pub(super) fn leave(&self) {
        if !self.entered.swap(false, Ordering::SeqCst) {
            return;
        }
        let mut bytes = Vec::new();
        // Writing to memory cannot fail.
        let _ = queue!(bytes, EndSynchronizedUpdate, ResetColor);
        if self.options.mouse {
            bytes.extend_from_slice(MOUSE_OFF);
        }
        let _ = queue!(bytes, DisableBracketedPaste, Show, LeaveAlternateScreen);
        if !self.writer.finish(&bytes, PATIENCE) {
            // The terminal takes nothing: make room for the few bytes that give it back, so that
            // they are the first it sees when it goes on.
            use nix::sys::termios::{FlushArg, tcflush};
            let _ = tcflush(io::stdout(), FlushArg::TCOFLUSH);
            self.writer.wait(PATIENCE);
        }
        // If this fails the terminal is gone, and nobody is left to tell.
        let _ = disable_raw_mode();
    }
}

/// Gives the terminal back before the message of a panic is printed.
pub(super) fn restore_on_panic(screen: &Arc<Screen>) {
    let screen = Arc::downgrade(screen);
    let print = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if let Some(screen) = screen.upgrade() {
            screen.leave();
        }
        print(info);
    }));
}
