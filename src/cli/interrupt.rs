//! Signals that ask a command to stop.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

/// Whether somebody asked to stop: by Ctrl-C, by `kill`, by closing the terminal.
#[derive(Debug)]
pub struct Interrupt {
    asked: Arc<AtomicBool>,
}

impl Interrupt {
    /// Watches from now on, so that what is being written can be ended well. Who asks twice is obeyed at once.
    pub fn watch() -> Self {
        let asked = Arc::new(AtomicBool::new(false));
        let signals = [
            SIGINT,
            SIGTERM,
            #[cfg(unix)]
            signal_hook::consts::SIGHUP,
        ];
        for signal in signals {
            // Where a signal cannot be watched it ends the program as it always did, and the next build goes on.
            _ = flag::register_conditional_shutdown(signal, 128 + signal, Arc::clone(&asked));
            _ = flag::register(signal, Arc::clone(&asked));
        }
        Self { asked }
    }

    /// Whether that has happened.
    pub fn asked(&self) -> bool {
        self.asked.load(Ordering::Relaxed)
    }
}
