//! Which elements share an ApplicationSet when one cannot hold them all.

use sha2::{Digest, Sha256};

/// Elements of one ApplicationSet. Past some 400 its status, about 520 bytes an Application under a rolling sync, and
/// the object itself come near the 1.5 MiB that etcd takes (safety.md, section 5).
pub(super) const MAX_ELEMENTS: usize = 400;
/// Bytes of the elements of one ApplicationSet, as JSON; the rest of the 1.5 MiB is for its status.
pub(super) const MAX_BYTES: usize = 768 * 1024;

/// The indices of the elements of each part, in order; one part when that is enough. An element has all `parameters`, of which
/// each has a text for every element.
///
/// A cluster's part follows from its name and the number of parts (rendezvous hashing), so that a new cluster does not
/// move others: an Application that moves to another ApplicationSet is deleted and made anew.
pub(super) fn parts(parameters: &[(String, Vec<String>)], clusters: &[&str]) -> Vec<Vec<usize>> {
    let sizes = sizes(parameters, clusters.len());
    let keys: Vec<u64> = clusters.iter().map(|cluster| hash(cluster)).collect();
    let mut count = sizes.len().div_ceil(MAX_ELEMENTS).max(1);
    loop {
        let mut parts = vec![Vec::new(); count];
        for (index, key) in keys.iter().enumerate() {
            let part = (0..count as u64).max_by_key(|part| mix(key ^ mix(*part))).unwrap_or_default();
            if let Some(part) = parts.get_mut(usize::try_from(part).unwrap_or_default()) {
                part.push(index);
            }
        }
        let bytes = |part: &Vec<usize>| part.iter().filter_map(|index| sizes.get(*index)).sum::<usize>();
        let fits = |part: &Vec<usize>| part.len() <= 1 || (part.len() <= MAX_ELEMENTS && bytes(part) <= MAX_BYTES);
        // With more parts than elements it is the elements themselves that are too large.
        if parts.iter().all(fits) || count > sizes.len() {
            parts.retain(|part| !part.is_empty());
            return parts;
        }
        count += 1;
    }
}

/// How many bytes of JSON each element is.
fn sizes(parameters: &[(String, Vec<String>)], elements: usize) -> Vec<usize> {
    const BRACES: usize = 2;
    let mut sizes = vec![BRACES + parameters.len().saturating_sub(1); elements];
    for (name, texts) in parameters {
        let name = size(name) + ":".len();
        sizes.iter_mut().zip(texts).for_each(|(whole, text)| *whole += name + size(text));
    }
    sizes
}

fn size(text: &str) -> usize {
    let mut count = Count(0);
    // Counting cannot fail.
    _ = serde_json::to_writer(&mut count, text);
    count.0
}

/// Counts what is written to it.
struct Count(usize);

impl std::io::Write for Count {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn hash(text: &str) -> u64 {
    let digest = Sha256::digest(text.as_bytes());
    digest.iter().take(8).fold(0, |hash, byte| hash << 8 | u64::from(*byte))
}

/// The finaliser of SplitMix64: each bit of the result depends on all bits of the key.
fn mix(key: u64) -> u64 {
    let key = key.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let key = (key ^ (key >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let key = (key ^ (key >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    key ^ (key >> 31)
}
