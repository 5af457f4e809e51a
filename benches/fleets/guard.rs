//! to come
pub fn run(_bless: bool) {}
