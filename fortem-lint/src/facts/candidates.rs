//! Resources that a statement covers and that belong to an environment by their name.

use fortem_compile::iam::{Context, Statement, Truth};
use fortem_compile::reference::{Action, ResourceType};

use super::cluster_name::ClusterName;
use super::{Facts, Subject, Target, unreferenced};
use crate::catalogue::Call;
use crate::environments::Environments;

/// A resource, and its type as the reference calls it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Resource {
    pub(super) arn: String,
    pub(super) kind: Option<&'static str>,
}

/// The Region and account in which resources are made up where a pattern leaves them open.
const REGION: &str = "eu-west-1";
const ACCOUNT: &str = "111122223333";

/// A search for resources that a statement covers.
pub(super) struct Search<'s> {
    statement: &'s Statement,
    name: &'static str,
    action: Option<&'static Action>,
    account: Option<&'s str>,
    target: &'s Target<'s>,
    environments: &'s Environments,
    cluster_name: Option<&'s ClusterName>,
    partition: &'s str,
    context: &'s Context,
}

impl<'s> Search<'s> {
    pub(super) fn of(
        subject: &'s Subject<'_>,
        facts: &'s Facts<'_>,
        call: Call,
        target: &'s Target<'s>,
        statement: &'s Statement,
        context: &'s Context,
    ) -> Self {
        Self {
            statement,
            name: facts.catalogue.name(call),
            action: facts.catalogue.known(call),
            account: facts.unit.account.as_deref(),
            target,
            environments: facts.environments,
            cluster_name: subject.cluster_name(facts.environments),
            partition: subject.partition(),
            context,
        }
    }

    /// The first success with a resource of the target's environment that the statement covers, the likeliest first.
    pub(super) fn first<R>(&self, mut attempt: impl FnMut(&Resource) -> Option<R>) -> Option<R> {
        let mut tried: Vec<Resource> = Vec::new();
        let mut attempt = |arn: String, kind: Option<&'static str>| {
            if tried.iter().any(|known| known.arn == arn) || !self.covers(&arn) {
                return None;
            }
            let resource = Resource { arn, kind };
            let success = attempt(&resource);
            tried.push(resource);
            success
        };
        if self.action.is_some() && self.types().is_empty() {
            return attempt("*".to_owned(), None);
        }
        let tag = format!("aws:PrincipalTag/{}", self.environments.tag_key());
        let tag_of_caller = self.context.get(&tag);
        let own = tag_of_caller.and_then(|values| values.as_slice().first()).map(String::as_str);
        self.patterns().iter().find_map(|pattern| {
            let parts = self.parts(pattern);
            if parts.names_another(self.target, self.environments, own) {
                return None;
            }
            self.first_of_pattern(&parts, &mut attempt)
        })
    }

    fn first_of_pattern<R>(
        &self,
        parts: &Parts<'_>,
        attempt: &mut impl FnMut(String, Option<&'static str>) -> Option<R>,
    ) -> Option<R> {
        let target = self.target;
        if self.types().is_empty() {
            let service = self.name.split(':').next().unwrap_or_default();
            let general = match unreferenced::resource(self.name, target.environment) {
                Some(usual) => vec![usual],
                None => {
                    vec![target.environment.to_owned(), format!("resource/{}", target.environment)]
                }
            };
            let mut names = general.into_iter().chain(parts.names(target));
            return names.find_map(|resource| attempt(parts.arn(service, &resource), None));
        }
        self.types().iter().filter(|kind| target.takes(kind.name())).find_map(|kind| {
            let [_, _, service, _, _, template] = kind.arn().parts()?;
            let usual = (0..USUAL_NAMES)
                .filter_map(|n| usual_name(kind, template, target, self.cluster_name, n));
            let later = std::iter::once_with(|| parts.names(target)).flatten();
            let mut names = usual
                .chain(later)
                .filter(|name| is_on_cluster(kind, name, target, self.cluster_name));
            names.find_map(|resource| {
                let arn = parts.arn(service, &resource);
                if kind.arn().matches(&arn) { attempt(arn, Some(kind.name())) } else { None }
            })
        })
    }

    fn parts<'p>(&'p self, pattern: &'p str) -> Parts<'p> {
        Parts::of(pattern, self.account, self.partition)
    }

    /// Where a resource is of which nothing is said.
    fn anywhere(&self) -> Parts<'_> {
        self.parts("*")
    }

    fn types(&self) -> &'static [ResourceType] {
        self.action.map(Action::resource_types).unwrap_or_default()
    }

    fn covers(&self, arn: &str) -> bool {
        self.statement.covers_resource(arn, self.context) != Truth::No
    }

    fn patterns(&self) -> Vec<String> {
        let patterns = self.statement.filled_resources(self.context);
        let is_open = self.statement.is_not_resource() || patterns.is_empty();
        if is_open { vec!["*".to_owned()] } else { patterns }
    }

    /// Resources that the statement spells, its wildcards filled in, whatever environment they belong to; then an
    /// example of each type, where the statement covers it.
    pub(super) fn written(&self) -> Vec<Resource> {
        let types = || self.types().iter().filter(|kind| self.target.takes(kind.name()));
        let mut found: Vec<Resource> = Vec::new();
        let mut add = |arn: String, kind: Option<&'static str>| {
            if self.covers(&arn) {
                found.push(Resource { arn, kind });
            }
        };
        if self.types().is_empty() {
            let service = self.name.split(':').next().unwrap_or_default();
            let usual = self.action.is_none().then(|| unreferenced::resource(self.name, EXAMPLE));
            let arn = usual.flatten().map(|name| self.anywhere().arn(service, &name));
            add(arn.unwrap_or_else(|| "*".to_owned()), None);
        }
        let filled = self.statement.filled_resources(self.context);
        for pattern in filled.iter().filter(|_| !self.statement.is_not_resource()) {
            let parts = self.parts(pattern);
            let name = parts.name.replace('*', EXAMPLE).replace('?', "x");
            if self.types().is_empty() {
                add(parts.arn(parts.service, &name), None);
            }
            for kind in types() {
                let Some([_, _, service, ..]) = kind.arn().parts() else { continue };
                let arn = parts.arn(service, &name);
                if kind.arn().matches(&arn) {
                    add(arn, Some(kind.name()));
                }
            }
        }
        for kind in types() {
            if let Some([_, _, service, _, _, template]) = kind.arn().parts() {
                let example = template.replace('*', EXAMPLE);
                add(self.anywhere().arn(service, &example), Some(kind.name()));
            }
        }
        found
    }
}

/// Resources of an action that are called as those of the target's environment usually are.
pub(super) fn usual(
    name: &str,
    action: Option<&'static Action>,
    account: Option<&str>,
    target: &Target<'_>,
    subject: &Subject<'_>,
    environments: &Environments,
) -> Vec<Resource> {
    let cluster_name = subject.cluster_name(environments);
    let types = action.map(Action::resource_types).unwrap_or_default();
    if types.is_empty() {
        return vec![Resource { arn: "*".to_owned(), kind: None }];
    }
    let parts = Parts::of("*", account, subject.partition());
    let of_type = types.iter().filter_map(|kind| {
        let [_, _, service, _, _, template] = kind.arn().parts()?;
        let service = if *service == "*" { name.split(':').next()? } else { service };
        let named = usual_name(kind, template, target, cluster_name, 0)?;
        Some(Resource { arn: parts.arn(service, &named), kind: Some(kind.name()) })
    });
    of_type.collect()
}

/// Whether a resource that lives in a cluster lives in the one that the target asks for.
fn is_on_cluster(
    kind: &ResourceType,
    name: &str,
    target: &Target<'_>,
    cluster_name: Option<&ClusterName>,
) -> bool {
    let Some(cluster) = target.cluster.filter(|_| IN_CLUSTERS.contains(&kind.name())) else {
        return true;
    };
    name.split('/').nth(1).is_some_and(|first| {
        crate::environments::names_word(first, cluster)
            || cluster_name.is_some_and(|name| name.with(cluster) == first)
    })
}

/// What stands for a wildcard that any name fills.
const EXAMPLE: &str = "example";

/// How many names [`usual_name`] knows.
const USUAL_NAMES: usize = 5;

/// A name of the target's environment in the shape of a type, the likeliest first: `service/prod/prod-orders`.
fn usual_name(
    kind: &ResourceType,
    template: &str,
    target: &Target<'_>,
    cluster_name: Option<&ClusterName>,
    number: usize,
) -> Option<String> {
    let environment = target.environment;
    let in_cluster = IN_CLUSTERS.contains(&kind.name());
    let fill = |first: &str, other: &str| {
        template
            .replacen('*', if in_cluster { first } else { other }, 1)
            .replace(":*", ":7")
            .replace('*', other)
    };
    let cluster = target.cluster.unwrap_or(environment);
    if let Some(known) = cluster_name.filter(|_| in_cluster) {
        let cluster = known.with(cluster);
        return (number == 0).then(|| fill(&cluster, &format!("{environment}-orders")));
    }
    match number {
        0 => Some(fill(cluster, &format!("{environment}-orders"))),
        1 if in_cluster => {
            Some(fill(&format!("fleet-{cluster}"), &format!("{environment}-orders")))
        }
        2 => Some(fill(cluster, environment)),
        3 if !in_cluster => {
            let path = format!("ecs/{environment}/orders");
            Some(fill(&path, &path))
        }
        4 if kind.name() == "log-group" => Some(format!("log-group:/ecs/{environment}/orders")),
        _ => None,
    }
}

/// The types whose names begin with the cluster's (service authorization reference of ECS, 2026-09-26).
pub(super) const IN_CLUSTERS: [&str; 8] = [
    "cluster",
    "container-instance",
    "daemon",
    "service",
    "service-deployment",
    "service-revision",
    "task",
    "task-set",
];

/// A resource pattern taken apart at its colons.
struct Parts<'p> {
    partition: &'p str,
    service: &'p str,
    region: &'p str,
    account: &'p str,
    name: &'p str,
}

impl<'p> Parts<'p> {
    fn of(pattern: &'p str, account: Option<&'p str>, partition: &'p str) -> Self {
        let mut parts = pattern.splitn(6, ':');
        let open = |part: &str| part.is_empty() || part.contains(['*', '?']);
        let mut next = |usual: &'p str| match parts.next() {
            Some(part) if !open(part) => part,
            _ => usual,
        };
        let _arn = next("arn");
        let (partition, service, region) = (next(partition), next("*"), next(REGION));
        let account = next(account.unwrap_or(ACCOUNT));
        let name = pattern.splitn(6, ':').nth(5).unwrap_or("*");
        Self { partition, service, region, account, name }
    }

    fn arn(&self, service: &str, name: &str) -> String {
        let service = if self.service == "*" { service } else { self.service };
        // IAM has no Regions, and S3 neither Regions nor accounts.
        let region = if matches!(service, "iam" | "s3" | "sts") { "" } else { self.region };
        let account = if service == "s3" { "" } else { self.account };
        format!("arn:{}:{service}:{region}:{account}:{name}", self.partition)
    }

    /// Whether the pattern itself names an environment, the caller's or any other, and not the target's.
    fn names_another(
        &self,
        target: &Target<'_>,
        environments: &Environments,
        own: Option<&str>,
    ) -> bool {
        let named = environments.named_in(self.name);
        let mut named = named.iter().map(|one| one.name.as_str());
        let kind = self.name.split('/').next().unwrap_or_default();
        let cluster = target.cluster.filter(|_| IN_CLUSTERS.contains(&kind));
        let wanted = |name: &str| {
            crate::environments::names_word(target.environment, name) || cluster == Some(name)
        };
        if let Some(first) = named.next() {
            return !wanted(first) && !named.any(wanted);
        }
        // What is not known as an environment here may be one by its usual name.
        own.is_some_and(|own| crate::environments::names_word(self.name, own) && !wanted(own))
            || crate::environments::names_usual_word(self.name)
    }

    /// The pattern with the environment in place of its wildcards; a pattern without wildcards only if it names the
    /// environment.
    fn names(&self, target: &Target<'_>) -> Vec<String> {
        let mut names = Vec::new();
        if self.name == "*" {
            return names;
        }
        let environment = target.environment;
        if self.name.contains(['*', '?']) {
            let first = self.name.replacen('*', environment, 1).replace('?', "x");
            names.push(first.replace('*', &format!("{environment}-orders")));
            names.push(self.name.replace('*', environment).replace('?', "x"));
            names.push(self.name.replace('*', "7").replace('?', "x"));
        } else {
            names.push(self.name.to_owned());
        }
        // A name without the environment as a word could be anybody's.
        names.retain(|name| crate::environments::names_word(name, environment));
        names
    }
}
