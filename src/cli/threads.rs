//! The threads that work is done on.

use std::sync::Mutex;
use std::thread::{self, Builder};

use rayon::ThreadPoolBuilder;

/// Makes the pool that everything is done on: with a thread for each processor, or, where the system does not give as many
/// (a container with few processes, little memory), with this one alone. A pool that cannot start its threads ends the program, and
/// the search for sources, which has as many of its own (ignore 0.4), would wait for those that are missing.
pub fn start() {
    let processors = thread::available_parallelism().map_or(1, usize::from);
    if !can_start(2 * processors) {
        // Fails where there is one already, which is as good.
        _ = ThreadPoolBuilder::new().num_threads(1).use_current_thread().build_global();
    }
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
