//! The threads that work is done on.

use std::sync::Mutex;
use std::thread::{self, Builder};

use rayon::ThreadPoolBuilder;

use super::colour::variable;
use crate::project::MOST_SEARCHERS;

/// Makes the pool that everything is done on: with a thread for each processor, or as many as `RAYON_NUM_THREADS` says. Where
/// the system does not give that many (a container with few processes, little memory), with this one alone: a pool that
/// cannot start its threads ends the program, and the search for sources, which has some of its own (ignore 0.4), would
/// wait for those that are missing.
pub fn start() {
    let wanted = variable("RAYON_NUM_THREADS").and_then(|count| count.parse().ok()).filter(|count| *count > 0);
    let count = wanted.unwrap_or_else(|| thread::available_parallelism().map_or(1, usize::from));
    let pool = match can_start(count + count.min(MOST_SEARCHERS)) {
        true => ThreadPoolBuilder::new().num_threads(count),
        false => ThreadPoolBuilder::new().num_threads(1).use_current_thread(),
    };
    // Fails where there is one already, which is as good.
    _ = pool.build_global();
}

/// Whether so many threads can be there at once.
fn can_start(count: usize) -> bool {
    let gate = Mutex::new(());
    thread::scope(|scope| {
        let closed = gate.lock();
        let start = || Builder::new().spawn_scoped(scope, || drop(gate.lock()));
        let all = (0..count).all(|_| start().is_ok());
        drop(closed);
        all
    })
}
