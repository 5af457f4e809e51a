//! The standard library: ordinary `.fleet` files, part of the compiler.

use std::sync::{Mutex, PoisonError};

use foldhash::HashMap;

use crate::source::SourceId;
use crate::syntax::{self, Parse};

/// Every file with its path; sorted by path.
pub const FILES: [(&str, &str); 35] = [
    ("std/alloy.fleet", include_str!("../stdlib/alloy.fleet")),
    ("std/argo-cd.fleet", include_str!("../stdlib/argo-cd.fleet")),
    ("std/argo-events.fleet", include_str!("../stdlib/argo-events.fleet")),
    ("std/argo-rollouts.fleet", include_str!("../stdlib/argo-rollouts.fleet")),
    ("std/argo-workflows.fleet", include_str!("../stdlib/argo-workflows.fleet")),
    ("std/aws-load-balancer-controller.fleet", include_str!("../stdlib/aws-load-balancer-controller.fleet")),
    ("std/cert-manager.fleet", include_str!("../stdlib/cert-manager.fleet")),
    ("std/cilium.fleet", include_str!("../stdlib/cilium.fleet")),
    ("std/cloudnative-pg.fleet", include_str!("../stdlib/cloudnative-pg.fleet")),
    ("std/cluster-autoscaler.fleet", include_str!("../stdlib/cluster-autoscaler.fleet")),
    ("std/crossplane.fleet", include_str!("../stdlib/crossplane.fleet")),
    ("std/envoy-gateway.fleet", include_str!("../stdlib/envoy-gateway.fleet")),
    ("std/external-dns.fleet", include_str!("../stdlib/external-dns.fleet")),
    ("std/external-secrets.fleet", include_str!("../stdlib/external-secrets.fleet")),
    ("std/flagger.fleet", include_str!("../stdlib/flagger.fleet")),
    ("std/gatekeeper.fleet", include_str!("../stdlib/gatekeeper.fleet")),
    ("std/grafana.fleet", include_str!("../stdlib/grafana.fleet")),
    ("std/ingress-nginx.fleet", include_str!("../stdlib/ingress-nginx.fleet")),
    ("std/istio.fleet", include_str!("../stdlib/istio.fleet")),
    ("std/karpenter.fleet", include_str!("../stdlib/karpenter.fleet")),
    ("std/keda.fleet", include_str!("../stdlib/keda.fleet")),
    ("std/kube-prometheus-stack.fleet", include_str!("../stdlib/kube-prometheus-stack.fleet")),
    ("std/kyverno.fleet", include_str!("../stdlib/kyverno.fleet")),
    ("std/loki.fleet", include_str!("../stdlib/loki.fleet")),
    ("std/metrics-server.fleet", include_str!("../stdlib/metrics-server.fleet")),
    ("std/oauth2-proxy.fleet", include_str!("../stdlib/oauth2-proxy.fleet")),
    ("std/prometheus-operator-crds.fleet", include_str!("../stdlib/prometheus-operator-crds.fleet")),
    ("std/reflector.fleet", include_str!("../stdlib/reflector.fleet")),
    ("std/reloader.fleet", include_str!("../stdlib/reloader.fleet")),
    ("std/rook-ceph.fleet", include_str!("../stdlib/rook-ceph.fleet")),
    ("std/sealed-secrets.fleet", include_str!("../stdlib/sealed-secrets.fleet")),
    ("std/traefik.fleet", include_str!("../stdlib/traefik.fleet")),
    ("std/trust-manager.fleet", include_str!("../stdlib/trust-manager.fleet")),
    ("std/vault.fleet", include_str!("../stdlib/vault.fleet")),
    ("std/velero.fleet", include_str!("../stdlib/velero.fleet")),
];

/// What the file `number` of [`FILES`] is read as when it is the source `id`. A process that compiles again and again, as
/// an editor's does, or a test, reads it once.
pub fn parse(number: usize, id: SourceId) -> Parse {
    static READ: Mutex<Option<HashMap<(usize, SourceId), Parse>>> = Mutex::new(None);
    let read = || READ.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(parse) = read().as_ref().and_then(|read| read.get(&(number, id))) {
        return parse.clone();
    }
    let parse = syntax::parse(id, FILES.get(number).map_or("", |(_, text)| text));
    let mut read = read();
    let read = read.get_or_insert_default();
    // Projects differ in how many files they have, and so in the ids of these.
    if read.len() < KEPT {
        read.insert((number, id), parse.clone());
    }
    parse
}

/// How many parses are kept at most.
const KEPT: usize = 20 * FILES.len();
