//! The registry of diagnostic codes.
//!
//! Invariant: a code that was ever released keeps its number, its slug and its meaning. Ranges: F00 source and
//! project, F01 syntax, F02 names, F03 types and values, F04 plan, F05 engines, F06 output, F07 lints, F09 the
//! compiler itself. `tests/diagnostics.rs` holds that each has a page whose examples raise it, and not.

use serde::{Deserialize, Serialize};

/// How serious a diagnostic is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Severity {
    /// Nothing is built.
    Error,
    /// Built, but look at it.
    Warning,
    /// Worth knowing.
    Note,
}

impl Severity {
    /// The word in every output.
    pub fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

/// The identity of a kind of diagnostic.
#[derive(Debug, PartialEq, Eq)]
pub struct Code {
    /// `F` and four digits.
    pub id: &'static str,
    /// The same in words.
    pub slug: &'static str,
    /// How serious it is.
    pub severity: Severity,
    /// One line: what is wrong.
    pub title: &'static str,
    /// The page of `fleetc explain`, as Markdown.
    pub page: &'static str,
}

macro_rules! codes {
    ($($id:ident $name:ident $slug:literal $severity:ident $title:literal;)*) => {
        $(
            #[doc = concat!(stringify!($id), ": ", $title, ".")]
            pub static $name: &Code = &Code {
                id: stringify!($id),
                slug: $slug,
                severity: Severity::$severity,
                title: $title,
                page: include_str!(concat!("docs/", stringify!($id), ".md")),
            };
        )*
        /// Every code, by number.
        pub static ALL: &[&Code] = &[$($name),*];
    };
}

codes! {
    F0001 FILE_TOO_LARGE "file-too-large" Error "a file is larger than 4 MiB";
    F0002 NOT_UTF8 "not-utf8" Error "a file is not UTF-8 text";
    F0003 INVISIBLE_CHARACTER "invisible-character" Error "the source holds a character that cannot be seen";
    F0004 UNREADABLE_FILE "unreadable-file" Error "a file cannot be read";
    F0005 DUPLICATE_FLEET "duplicate-fleet" Error "a project has more than one `fleet` declaration";
    F0006 NOT_SUPPORTED_YET "not-supported-yet" Error "a part of the language that this version does not build";
    F0007 FORBIDDEN_CHARACTER "forbidden-character" Error "a string holds a character that no YAML reader keeps";
    F0008 CREDENTIAL_IN_SOURCE "credential-in-source" Error "the source holds what looks like a credential";
    F0009 DATA_NOT_FOUND "data-not-found" Error "the data file of an inventory is not there";
    F0010 INVALID_DATA "invalid-data" Error "a data file is not valid JSON, YAML or CSV";
    F0011 UNCLEAR_DATA "unclear-data" Error "a data file says something that its readers do not agree on";
    F0012 UNKNOWN_SHAPE "unknown-shape" Error "a data file does not hold clusters in a shape that fleetc knows";
    F0013 FOREIGN_DATA "foreign-data" Error "a data file holds something that is no cluster";

    F0101 UNEXPECTED_TEXT "unexpected-text" Error "text that does not belong here";
    F0102 NESTED_TOO_DEEP "nested-too-deep" Error "blocks or brackets are nested more than 64 deep";
    F0103 UNCLOSED_BLOCK "unclosed-block" Error "a block has no closing brace";
    F0104 UNCLOSED_STRING "unclosed-string" Error "a string has no closing quote";
    F0105 UNCLOSED_BRACKET "unclosed-bracket" Error "a list or group has no closing bracket";
    F0106 MISSING_VALUE "missing-value" Error "a value is missing";
    F0107 BAD_ESCAPE "bad-escape" Error "an unknown escape in a string";
    F0108 BAD_LITERAL "bad-literal" Error "a word that begins like a number and is none";
    F0109 WRONG_SEPARATOR "wrong-separator" Error "an entry is written with something other than `=`";
    F0110 BAD_INTERPOLATION "bad-interpolation" Error "a `${…}` that holds no name";
    F0111 MISSING_NAME "missing-name" Error "a declaration has no name";
    F0112 UNKNOWN_KEYWORD "unknown-keyword" Error "no declaration begins with this word";
    F0113 STRAY_CLOSE "stray-close" Error "a closing bracket that closes nothing";
    F0114 TOO_COMPLEX "too-complex" Error "a file takes too long to parse";
    F0115 RESERVED_WORD "reserved-word" Error "a word of the language is used as a name";
    F0116 MISSING_BLOCK "missing-block" Error "a block is missing";
    F0117 MERGE_CONFLICT "merge-conflict" Error "a file holds the marks of a merge conflict";

    F0201 UNKNOWN_CLUSTER "unknown-cluster" Error "no cluster has this name";
    F0202 UNKNOWN_SELECTOR "unknown-selector" Error "a word in a predicate that is no group, cluster or bool label";
    F0203 UNKNOWN_LABEL "unknown-label" Error "no label has this name";
    F0204 UNKNOWN_NAME "unknown-name" Error "a value or `${…}` names something that does not exist";
    F0205 UNKNOWN_SOURCE "unknown-source" Error "no source has this name";
    F0206 UNKNOWN_PROJECT "unknown-project" Error "no project has this name";
    F0207 UNKNOWN_COMPONENT "unknown-component" Error "no component has this name";
    F0208 UNKNOWN_TEMPLATE "unknown-template" Error "no template has this name";
    F0209 UNKNOWN_ROLLOUT "unknown-rollout" Error "no rollout has this name";
    F0210 UNKNOWN_ATTRIBUTE "unknown-attribute" Error "a block has no attribute of this name";
    F0211 UNKNOWN_BLOCK "unknown-block" Error "a block does not belong here";
    F0212 DUPLICATE_DECLARATION "duplicate-declaration" Error "two declarations have the same name";
    F0213 DUPLICATE_ENTRY "duplicate-entry" Error "something is said twice";
    F0214 RESERVED_NAME "reserved-name" Error "a name that the language has taken";
    F0215 DEFINITION_CYCLE "definition-cycle" Error "a label or group is defined by itself";
    F0216 UNNAMED_CLUSTER "unnamed-cluster" Error "a cluster of an inventory has no name";
    F0217 STILL_DECLARED "still-declared" Error "a name that was moved or removed is still declared";

    F0301 WRONG_TYPE "wrong-type" Error "a value has the wrong type";
    F0302 UNKNOWN_VALUE "unknown-value" Error "a value that is not one of those allowed";
    F0303 MISSING_LABEL "missing-label" Error "a cluster lacks a required label";
    F0304 LABEL_NOT_EVERYWHERE "label-not-everywhere" Error "a label is used on a cluster that lacks it";
    F0305 DERIVED_LABEL_SET "derived-label-set" Error "a cluster sets a label that is derived";
    F0306 INVALID_LABEL_VALUE "invalid-label-value" Error "a value that Kubernetes does not take as a label";
    F0307 INVALID_NAME "invalid-name" Error "a name that Kubernetes does not take";
    F0308 MISSING_ATTRIBUTE "missing-attribute" Error "a required attribute is missing";
    F0309 SELECTS_NOTHING "selects-nothing" Error "a predicate selects no cluster";
    F0310 MISSING_FACT "missing-fact" Error "a cluster lacks a fact that something uses";
    F0311 CONFLICTING_OVERRIDES "conflicting-overrides" Error "two `on` blocks set the same thing differently on a cluster";
    F0312 CONFLICTING_TEMPLATES "conflicting-templates" Error "two templates set the same thing differently";
    F0313 MISSING_PARAMETER "missing-parameter" Error "a template's parameter is not set";
    F0314 INVALID_VALUE "invalid-value" Error "a value of the right type that cannot be used";
    F0315 CONFLICTING_ATTRIBUTES "conflicting-attributes" Error "two attributes that exclude each other";
    F0316 UNSAFE_PATH "unsafe-path" Error "a path that leaves its source";
    F0317 UNKNOWN_STORE "unknown-store" Error "no store has this name";
    F0318 INVALID_OBJECT "invalid-object" Error "an object that Kubernetes does not take";
    F0320 NOT_A_COMPONENT "not-a-component" Error "a folder that kustomize does not take for a component";
    F0321 NAMESPACE_DIFFERS "namespace-differs" Error "two components give one namespace different labels or annotations";
    F0322 UNKNOWN_FIELD "unknown-field" Error "an engine's object has no such field";
    F0323 MISSING_FIELD "missing-field" Error "an engine's object lacks a required field";

    F0401 DEPENDENCY_CYCLE "dependency-cycle" Error "components wait for each other";
    F0402 DEPENDENCY_MISSING "dependency-missing" Error "a component waits for one that is not on the same cluster";
    F0403 DEPENDENCY_AGAINST_ROLLOUT "dependency-against-rollout" Error "`after` and a rollout demand opposite orders";
    F0404 EMPTY_STAGE "empty-stage" Error "a stage receives no cluster";
    F0405 UNCOVERED_CLUSTER "uncovered-cluster" Error "a rollout has no stage for a cluster";
    F0406 SOURCE_NOT_PERMITTED "source-not-permitted" Error "a project does not permit a source";
    F0407 DESTINATION_NOT_PERMITTED "destination-not-permitted" Error "a project does not permit a cluster or namespace";
    F0408 NAME_COLLISION "name-collision" Error "two objects would have the same name";
    F0409 PATH_NOT_FOUND "path-not-found" Error "a path does not exist in this repository";
    F0410 PATH_CASE "path-case" Error "a path differs from the folder in upper and lower case";
    F0411 PATCH_TARGET_NOT_FOUND "patch-target-not-found" Error "a patch names an object that is not there";
    F0412 VALUES_FILE_NOT_FOUND "values-file-not-found" Error "a values file does not exist";
    F0413 TOO_MANY_DEPLOYMENTS "too-many-deployments" Error "a fleet has more than 5,000,000 pairs of component and cluster";
    F0414 RUNS_NOWHERE "runs-nowhere" Warning "a component runs on no cluster";
    F0415 MEMBERSHIP_UNCHANGED "membership-unchanged" Warning "`with` or `without` changes nothing";
    F0416 KIND_NOT_PERMITTED "kind-not-permitted" Error "a project does not permit a kind of object";
    F0417 STORE_NOT_HERE "store-not-here" Error "a secret reads a store that is not on its cluster";
    F0418 EXPECTATION_FAILED "expectation-failed" Error "what a test expects does not hold";

    F0501 NEEDS_NEWER_ENGINE "needs-newer-engine" Error "the declared engine version lacks something the fleet uses";
    F0502 UNKNOWN_ENGINE_VERSION "unknown-engine-version" Error "an engine version that fleetc does not know";
    F0503 NEEDS_PROGRESSIVE_SYNCS "needs-progressive-syncs" Error "Argo CD keeps an order only with progressive syncs";
    F0504 SELF_HEAL_OFF "self-heal-off" Warning "Argo CD will not self-heal under a rolling sync";
    F0505 AUTOMATED_SYNC_OFF "automated-sync-off" Note "Argo CD switches automated sync off under a rolling sync";
    F0506 TWO_ENGINES "two-engines" Warning "Argo CD and Flux would both deploy to a cluster";
    F0507 NO_ENGINE "no-engine" Error "the fleet declares no engine";
    F0508 NOT_EXPRESSIBLE "not-expressible" Error "an engine has no way to do what the fleet says";
    F0509 NO_HEALTH_GATE "no-health-gate" Error "something waits for a component that has no health check";
    F0510 SPLIT_ROLLOUT "split-rollout" Error "Argo CD orders a rollout only within one ApplicationSet";
    F0511 UNSUPPORTED_SOURCE "unsupported-source" Error "an engine cannot read this kind of source";
    F0512 STAGE_SOURCE_DIFFERS "stage-source-differs" Error "Flux orders stages only when they read the same source";
    F0513 CLAIMED_TWICE "claimed-twice" Error "two instances of an engine deploy to one cluster";
    F0514 NO_ENGINE_HERE "no-engine-here" Error "a component runs on a cluster that no engine deploys to";
    F0515 ROLLOUT_ACROSS_INSTANCES "rollout-across-instances" Error "a rollout spans several instances of an engine";
    F0516 NEEDS_APPLICATION_HEALTH "needs-application-health" Note "Argo CD orders Applications only when it judges their health";
    F0517 LABEL_SPACE_TOO_LARGE "label-space-too-large" Error "labels make more combinations than fleetc looks at";
    F0518 SAME_SERVER "same-server" Error "two registered clusters have the same API server";
    F0519 NOT_ADMITTED "not-admitted" Error "a cluster does not take a project or namespace";
    F0523 VARIABLE_CHANGES_TYPE "variable-changes-type" Error "Flux would read the value of a variable as something else than text";
    F0524 NOT_READ_BY_FLUX "not-read-by-flux" Warning "an annotation that only Argo CD reads, where Flux deploys";
    F0527 OWNED_FIELD "owned-field" Error "a raw field that fleetc itself writes";

    F0601 EDITED_OUTPUT "edited-output" Error "a generated file was edited by hand";
    F0602 FOREIGN_FILE "foreign-file" Error "a file that fleetc did not write is in the way";
    F0603 UNREADABLE_LOCK "unreadable-lock" Error "`fleet.lock` cannot be read";
    F0604 ADOPTED_OBJECT_LOST "adopted-object-lost" Error "a file that is taken over holds what is not built";
    F0609 UNREADABLE_BASELINE "unreadable-baseline" Error "what was committed last cannot be read";
    F0610 PROTECTED_REMOVAL "protected-removal" Error "a build would remove something from protected clusters";
    F0611 TOO_MANY_REMOVALS "too-many-removals" Error "a build would remove more than `max-removals` allows";
    F0612 UNSAFE_MOVE "unsafe-move" Error "a move would delete workloads on protected clusters";
    F0613 CASCADE_ON_PROTECTED "cascade-on-protected" Error "workloads on protected clusters would go with what deploys them";
    F0614 PROTECTION_LOST "protection-lost" Warning "a cluster is no longer protected";
    F0615 FLEET_RENAMED "fleet-renamed" Warning "a fleet that Argo CD runs has another name";
    F0616 WORKLOADS_REPLACED "workloads-replaced" Error "workloads on protected clusters would be deleted and made anew elsewhere";

    F0701 UNUSED_ALLOWANCE "unused-allowance" Warning "a comment allows a diagnostic that is not there";
    F0702 INVALID_ALLOWANCE "invalid-allowance" Error "a comment for fleetc cannot be read";
    F0710 UNUSED_LABEL "unused-label" Note "nothing reads a label or fact";
    F0711 UNUSED_GROUP "unused-group" Warning "no predicate names a group";
    F0712 UNUSED_PROJECT "unused-project" Warning "no component is in a project";
    F0713 UNUSED_SOURCE "unused-source" Warning "nothing comes from a source";
    F0714 UNUSED_TEMPLATE "unused-template" Note "no component is made from a template";
    F0715 UNUSED_ROLLOUT "unused-rollout" Warning "no component has a rollout";
    F0716 UNUSED_PARAMETER "unused-parameter" Warning "nothing reads a parameter of a template";
    F0720 FLOATING_VERSION "floating-version" Warning "protected clusters run a version that moves by itself";
    F0721 FLOATING_IMAGE "floating-image" Warning "protected clusters run an image tagged `latest`";
    F0722 FOREIGN_BRANCH "foreign-branch" Note "protected clusters follow a branch of somebody else";
    F0723 NO_REVISION "no-revision" Note "protected clusters follow a repository without a revision";
    F0725 NO_PROJECT "no-project" Warning "a component has no project, and others have one";
    F0726 WILDCARD_PROJECT "wildcard-project" Warning "a second project permits everything";
    F0727 PROJECT_REACHES_ENGINE "project-reaches-engine" Warning "a second project permits an engine's namespace";
    F0728 ONLY_REFUSALS "only-refusals" Warning "a list of a project refuses some and permits all else";
    F0729 DENIES_NOTHING "denies-nothing" Warning "a project denies what it does not permit";
    F0730 ANY_SOURCE "any-source" Warning "a team's project takes from any repository";
    F0731 ANY_SOURCE_NAMESPACE "any-source-namespace" Warning "Applications of any namespace may use a project";
    F0732 MIXED_STAGE "mixed-stage" Warning "a stage holds protected and other clusters";
    F0733 LONE_REGION "lone-region" Note "a region has one protected cluster, and others have several";
    F0734 LARGE_INSTANCE "large-instance" Note "an Argo CD has more than 10,000 Applications";
    F0735 LARGE_ROOT "large-root" Note "a root holds more than it should";
    F0736 BUSY_FLUX "busy-flux" Note "Flux needs longer for a round than its interval";
    F0737 POLLING_LOAD "polling-load" Note "a repository is asked for news too often";
    F0738 NAMESPACE_TYPO "namespace-typo" Warning "a namespace is nearly one that everybody knows";

    F0901 INTERNAL_ERROR "internal-error" Error "a bug in fleetc";
}

/// The codes whose cause has another end: what is declared, set or said elsewhere. Their diagnostics say where, as a
/// related place; `tests/places.rs` holds it.
pub static NEEDS_RELATED: &[&str] = &[
    "F0005", "F0010", "F0011", "F0013", "F0103", "F0105", "F0201", "F0202", "F0203", "F0205", "F0206", "F0207",
    "F0208", "F0209", "F0212", "F0213", "F0215", "F0216", "F0217", "F0302", "F0303", "F0304", "F0305", "F0310",
    "F0311", "F0312", "F0313", "F0315", "F0317", "F0321", "F0401", "F0402", "F0403", "F0404", "F0405", "F0406",
    "F0407", "F0408", "F0416", "F0417", "F0418", "F0501", "F0503", "F0506", "F0509", "F0510", "F0511", "F0512",
    "F0513", "F0514", "F0515", "F0518", "F0519", "F0720", "F0721", "F0722", "F0723", "F0725", "F0726", "F0727",
    "F0732", "F0733",
];

/// The codes that nothing raises any more. Their numbers stay taken.
pub static RETIRED: &[&str] = &["F0006"];

/// The code with this id or slug.
pub fn find_code(name: &str) -> Option<&'static Code> {
    ALL.iter().copied().find(|code| code.id.eq_ignore_ascii_case(name) || code.slug == name)
}

/// How a code is kept in a file: by its number.
pub(super) mod by_id {
    use serde::de::Error as _;
    use serde::{Deserialize as _, Deserializer, Serializer};

    use super::{Code, find_code};

    pub fn serialize<S: Serializer>(code: &Code, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(code.id)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<&'static Code, D::Error> {
        let id = String::deserialize(deserializer)?;
        find_code(&id).ok_or_else(|| D::Error::custom("no such code"))
    }
}
