//! Sets of clusters.

/// A set of the fleet's clusters, by their place in the sorted list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClusterSet {
    words: Vec<u64>,
    size: usize,
}

impl ClusterSet {
    /// No cluster of `size`.
    pub fn empty(size: usize) -> Self {
        Self { words: vec![0; size.div_ceil(64)], size }
    }

    /// All clusters of `size`.
    pub fn full(size: usize) -> Self {
        let mut set = Self::empty(size);
        for cluster in 0..size {
            set.insert(cluster);
        }
        set
    }

    /// Adds one.
    pub fn insert(&mut self, cluster: usize) {
        if let Some(word) = self.words.get_mut(cluster / 64) {
            *word |= 1 << (cluster % 64);
        }
    }

    /// Takes one away.
    pub fn remove(&mut self, cluster: usize) {
        if let Some(word) = self.words.get_mut(cluster / 64) {
            *word &= !(1 << (cluster % 64));
        }
    }

    /// Whether `cluster` is in it.
    pub fn contains(&self, cluster: usize) -> bool {
        self.words.get(cluster / 64).is_some_and(|word| word & (1 << (cluster % 64)) != 0)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.words.iter().map(|word| word.count_ones() as usize).sum()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.words.iter().all(|word| *word == 0)
    }

    /// Whether all of `self` are in `other`, and `other` has more.
    pub fn is_proper_subset(&self, other: &Self) -> bool {
        self != other && self.words.iter().zip(&other.words).all(|(mine, theirs)| mine & !theirs == 0)
    }

    /// Keeps those that are in `other`, too.
    pub fn intersect(&mut self, other: &Self) {
        for (mine, theirs) in self.words.iter_mut().zip(&other.words) {
            *mine &= theirs;
        }
    }

    /// Takes those of `other` away.
    pub fn subtract(&mut self, other: &Self) {
        for (mine, theirs) in self.words.iter_mut().zip(&other.words) {
            *mine &= !theirs;
        }
    }

    /// Adds those of `other`.
    pub fn union(&mut self, other: &Self) {
        for (mine, theirs) in self.words.iter_mut().zip(&other.words) {
            *mine |= theirs;
        }
    }

    /// The clusters in order.
    pub fn iter(&self) -> impl Iterator<Item = usize> {
        (0..self.size).filter(|cluster| self.contains(*cluster))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_is_no_proper_subset_of_itself() {
        let full = ClusterSet::full(70);
        let mut less = full.clone();
        less.remove(69);
        assert!(less.is_proper_subset(&full) && !full.is_proper_subset(&full));
        assert_eq!(full.len(), 70);
    }
}
