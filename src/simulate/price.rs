//! What each kind of gate costs.

/// A kind of gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Argo CD: a step of a rolling sync behind another.
    Step,
    /// Argo CD: a step that somebody syncs.
    ManualStep,
    /// Argo CD: a wave of the root.
    Wave,
    /// Argo CD: a wave of a cluster's own root.
    ClusterWave,
    /// Flux: a Kustomization between batches.
    Gate,
    /// Flux: such a one that somebody resumes.
    HeldGate,
    /// Flux: the time before such a one opens.
    Bake,
    /// Flux: another component's Kustomization on the same cluster.
    After,
    /// Flux: such a one that reads another source.
    LooseAfter,
}

impl Kind {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Step => "step",
            Self::ManualStep => "manual step",
            Self::Wave => "wave",
            Self::ClusterWave => "cluster wave",
            Self::Gate => "gate",
            Self::HeldGate => "held gate",
            Self::Bake => "bake",
            Self::After => "after",
            Self::LooseAfter => "loose after",
        }
    }

    /// What it costs.
    pub fn price(self) -> &'static str {
        match self {
            Self::Step => "all specs change at once, only syncs wait; automated sync and self-heal are off; no timeout",
            Self::ManualStep => "nothing syncs by itself, and everything behind it waits for somebody",
            Self::Wave => {
                "waits for every cluster of all earlier waves, and new commits wait with it; holds only where an \
                 ApplicationSet changes"
            }
            Self::ClusterWave => {
                "waits for all of the cluster's earlier waves, and new commits wait with it; holds only where an \
                 Application changes"
            }
            Self::Gate => {
                "while closed, no new revision, drift correction or pruning behind it; opens up to 2 polls late"
            }
            Self::HeldGate => "as a gate, and closed again for every new revision",
            Self::Bake => "keeps out urgent fixes, too; measured in steps of the interval",
            Self::After => {
                "while the other is not Ready, no new revision, drift correction or pruning; up to 1 poll late"
            }
            Self::LooseAfter => {
                "while the other is not Ready, no new revision, drift correction or pruning; reads another source, so it may \
                 change first"
            }
        }
    }
}
