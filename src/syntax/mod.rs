//! From text to a tree.
//!
//! Takes one file's text, gives a lossless [`Cst`](cst::Cst), the typed [`ast::File`] and the syntax errors. Never fails:
//! a broken place becomes a hole. Knows nothing of names, types or engines; pest is known to `parser` alone.

pub mod ast;
