//! What waits for what, and the walk through it in rounds.
//!
//! Takes parts that an engine's reader made of manifests; knows no engine. Two designs were weighed: a state machine for
//! each engine, and one graph that both are read into. In both engines a thing starts when all before it are healthy, so
//! the graph is enough: stages, waves and gates are parts that are nobody's deployment, and `maxUpdate` is a number of
//! places.
//!
//! Invariant: the course depends on the order of the parts and on nothing else.

use std::collections::{BTreeSet, VecDeque};

/// All parts of one instance of an engine.
#[derive(Debug, Default)]
pub(super) struct Flow {
    pub(super) parts: Vec<Part>,
    /// For each stage that not all start in at once, how many may be under way. A deployment that never gets healthy
    /// keeps its place.
    pub(super) places: Vec<usize>,
}

/// A deployment, or something between deployments.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) what: What,
    /// The parts that must be healthy before it starts.
    pub(super) behind: Vec<usize>,
    /// Which of [`Flow::places`] it takes one of while it is under way.
    pub(super) place: Option<usize>,
    /// Why it never starts, whatever is before it.
    pub(super) stuck: Option<&'static str>,
    /// What somebody has to type before it starts.
    pub(super) by_hand: Option<String>,
    /// How long those before it are kept, once healthy.
    pub(super) bake: Option<String>,
    /// How long a failure waits to be tried again, and how long health is waited for.
    pub(super) times: Option<(String, String)>,
    /// The gate without which not even its manifest changes.
    pub(super) applied_by: Option<usize>,
}

/// What a part is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum What {
    /// A deployment: its place in the plan.
    Deployment(usize),
    /// What is healthy as soon as everything before it is; the words for it.
    Gate(String),
}

/// How far everything came.
#[derive(Debug)]
pub(super) struct Course {
    /// The round in which each part started, from 1; a gate in the round that it opens.
    pub(super) round: Vec<Option<usize>>,
    /// Whether each part got healthy.
    pub(super) healthy: Vec<bool>,
    /// The number of rounds in which something started.
    pub(super) rounds: usize,
}

impl Flow {
    /// Adds a part that nothing holds yet.
    pub(super) fn add(&mut self, what: What) -> usize {
        self.parts.push(Part {
            what,
            behind: Vec::new(),
            place: None,
            stuck: None,
            by_hand: None,
            bake: None,
            times: None,
            applied_by: None,
        });
        self.parts.len() - 1
    }

    /// Changes a part that was added.
    pub(super) fn change(&mut self, part: usize, change: impl FnOnce(&mut Part)) {
        if let Some(part) = self.parts.get_mut(part) {
            change(part);
        }
    }

    /// Adds a gate that opens when all of `behind` are healthy.
    pub(super) fn gate(&mut self, words: impl Into<String>, behind: Vec<usize>) -> usize {
        let gate = self.add(What::Gate(words.into()));
        self.change(gate, |part| part.behind = behind);
        gate
    }

    /// Starts, round for round, what may start; everything that started is healthy at the end of its round unless it is
    /// `ill`.
    pub(super) fn walk(&self, ill: impl Fn(usize) -> bool) -> Course {
        let mut walk = Walk::new(self);
        let mut waiting: BTreeSet<usize> = walk.settle((0..self.parts.len()).filter(|part| self.is_free(*part)));
        loop {
            let started: BTreeSet<usize> = waiting.iter().copied().filter(|part| walk.start(*part)).collect();
            if started.is_empty() {
                break;
            }
            let healthy: Vec<usize> = started.iter().copied().filter(|part| !ill(*part)).collect();
            waiting.retain(|part| !started.contains(part));
            walk.rounds += 1;
            waiting.extend(walk.end(healthy));
        }
        Course { round: walk.round, healthy: walk.healthy, rounds: walk.rounds }
    }

    fn is_free(&self, part: usize) -> bool {
        self.parts.get(part).is_some_and(|part| part.behind.is_empty())
    }

    /// The parts, each behind all that are before it; those of a cycle are left out.
    pub(super) fn in_order(&self) -> Vec<usize> {
        let mut walk = Walk::new(self);
        let mut order = Vec::new();
        let mut free: VecDeque<usize> = (0..self.parts.len()).filter(|part| self.is_free(*part)).collect();
        while let Some(part) = free.pop_front() {
            order.push(part);
            free.extend(walk.release(part));
        }
        order
    }
}

/// A walk under way.
struct Walk<'f> {
    flow: &'f Flow,
    /// For each part, the parts that are directly behind it.
    ahead_of: Vec<Vec<usize>>,
    /// How many of those before it each part still waits for.
    missing: Vec<usize>,
    taken: Vec<usize>,
    round: Vec<Option<usize>>,
    healthy: Vec<bool>,
    rounds: usize,
}

impl<'f> Walk<'f> {
    fn new(flow: &'f Flow) -> Self {
        let count = flow.parts.len();
        let mut ahead_of = vec![Vec::new(); count];
        for (index, part) in flow.parts.iter().enumerate() {
            for before in &part.behind {
                if let Some(behind) = ahead_of.get_mut(*before) {
                    behind.push(index);
                }
            }
        }
        Self {
            flow,
            ahead_of,
            missing: flow.parts.iter().map(|part| part.behind.len()).collect(),
            taken: vec![0; flow.places.len()],
            round: vec![None; count],
            healthy: vec![false; count],
            rounds: 0,
        }
    }

    /// Counts a part as healthy for those behind it; gives those that wait for nothing any more.
    fn release(&mut self, part: usize) -> Vec<usize> {
        let behind = self.ahead_of.get(part).cloned().unwrap_or_default();
        let mut free = Vec::new();
        for index in behind {
            if let Some(missing) = self.missing.get_mut(index) {
                *missing -= 1;
                if *missing == 0 {
                    free.push(index);
                }
            }
        }
        free
    }

    /// Of parts that wait for nothing, lets the gates open at once; gives the deployments, also those behind the gates.
    fn settle(&mut self, free: impl IntoIterator<Item = usize>) -> BTreeSet<usize> {
        let mut left: VecDeque<usize> = free.into_iter().collect();
        let mut deployments = BTreeSet::new();
        while let Some(index) = left.pop_front() {
            match self.flow.parts.get(index).filter(|part| part.stuck.is_none()).map(|part| &part.what) {
                Some(What::Deployment(_)) => _ = deployments.insert(index),
                Some(What::Gate(_)) => {
                    set(&mut self.round, index, Some(self.rounds + 1));
                    set(&mut self.healthy, index, true);
                    left.extend(self.release(index));
                }
                None => {}
            }
        }
        deployments
    }

    /// Starts a deployment in the coming round when there is a place for it; whether there was.
    fn start(&mut self, index: usize) -> bool {
        let place = self.flow.parts.get(index).and_then(|part| part.place);
        if let Some(place) = place {
            let most = self.flow.places.get(place).copied().unwrap_or(usize::MAX);
            match self.taken.get_mut(place) {
                Some(taken) if *taken < most => *taken += 1,
                Some(_) => return false,
                None => {}
            }
        }
        set(&mut self.round, index, Some(self.rounds + 1));
        true
    }

    /// Ends a round in which these got healthy; gives what may start then.
    fn end(&mut self, healthy: Vec<usize>) -> BTreeSet<usize> {
        let mut free = Vec::new();
        for index in healthy {
            set(&mut self.healthy, index, true);
            let place = self.flow.parts.get(index).and_then(|part| part.place);
            if let Some(taken) = place.and_then(|place| self.taken.get_mut(place)) {
                *taken -= 1;
            }
            free.extend(self.release(index));
        }
        self.settle(free)
    }
}

fn set<T>(items: &mut [T], index: usize, value: T) {
    if let Some(item) = items.get_mut(index) {
        *item = value;
    }
}
