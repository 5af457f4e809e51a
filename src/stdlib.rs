//! The standard library: ordinary `.fleet` files, part of the compiler.

/// Every file with its path; sorted by path.
pub const FILES: [(&str, &str); 12] = [
    ("std/argo-rollouts.fleet", include_str!("../stdlib/argo-rollouts.fleet")),
    ("std/aws-load-balancer-controller.fleet", include_str!("../stdlib/aws-load-balancer-controller.fleet")),
    ("std/cert-manager.fleet", include_str!("../stdlib/cert-manager.fleet")),
    ("std/external-dns.fleet", include_str!("../stdlib/external-dns.fleet")),
    ("std/external-secrets.fleet", include_str!("../stdlib/external-secrets.fleet")),
    ("std/ingress-nginx.fleet", include_str!("../stdlib/ingress-nginx.fleet")),
    ("std/istio.fleet", include_str!("../stdlib/istio.fleet")),
    ("std/karpenter.fleet", include_str!("../stdlib/karpenter.fleet")),
    ("std/kube-prometheus-stack.fleet", include_str!("../stdlib/kube-prometheus-stack.fleet")),
    ("std/kyverno.fleet", include_str!("../stdlib/kyverno.fleet")),
    ("std/metrics-server.fleet", include_str!("../stdlib/metrics-server.fleet")),
    ("std/velero.fleet", include_str!("../stdlib/velero.fleet")),
];
