//! Resources that a statement covers and that belong to an environment by their name.

use fortem_compile::iam::{Context, Statement, Truth};
use fortem_compile::reference::{Action, ResourceType};

use super::Target;
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

/// Resources of the target's environment that a statement covers, the likeliest first.
pub(super) fn of(
    statement: &Statement,
    name: &str,
    action: Option<&'static Action>,
    account: Option<&str>,
    target: &Target<'_>,
    environments: &Environments,
    context: &Context,
) -> Vec<Resource> {
    let types = action.map(Action::resource_types).unwrap_or_default();
    let mut found: Vec<Resource> = Vec::new();
    let mut add = |arn: String, kind: Option<&'static str>| {
        let covered = statement.covers_resource(&arn, context) != Truth::No;
        if covered && !found.iter().any(|known| known.arn == arn) {
            found.push(Resource { arn, kind });
        }
    };
    if action.is_some() && types.is_empty() {
        add("*".to_owned(), None);
        return found;
    }
    let patterns = statement.filled_resources(context);
    let tag_of_caller = context.get(&format!("aws:PrincipalTag/{}", environments.tag_key()));
    let own = tag_of_caller.and_then(|values| values.as_slice().first()).map(String::as_str);
    let open = vec!["*".to_owned()];
    let patterns =
        if statement.is_not_resource() || patterns.is_empty() { &open } else { &patterns };
    for pattern in patterns {
        let parts = Parts::of(pattern, account);
        if parts.names_another(target, environments, own) {
            continue;
        }
        if types.is_empty() {
            let service = name.split(':').next().unwrap_or_default();
            let general =
                [target.environment.to_owned(), format!("resource/{}", target.environment)];
            let names = parts.names(&general, target);
            for resource in names {
                add(parts.arn(service, &resource), None);
            }
        }
        for kind in types.iter().filter(|kind| target.takes(kind.name())) {
            let Some([_, _, service, _, _, template]) = kind.arn().parts() else { continue };
            let names = parts.names(&usual_names(kind, template, target), target);
            names
                .into_iter()
                .filter(|resource| kind.arn().matches(&parts.arn(service, resource)))
                .filter(|resource| is_on_cluster(kind, resource, target))
                .for_each(|resource| add(parts.arn(service, &resource), Some(kind.name())));
        }
    }
    found
}

/// Resources of an action that are called as those of the target's environment usually are.
pub(super) fn usual(
    name: &str,
    action: Option<&'static Action>,
    account: Option<&str>,
    target: &Target<'_>,
) -> Vec<Resource> {
    let types = action.map(Action::resource_types).unwrap_or_default();
    if types.is_empty() {
        return vec![Resource { arn: "*".to_owned(), kind: None }];
    }
    let parts = Parts::of("*", account);
    let of_type = types.iter().filter_map(|kind| {
        let [_, _, service, _, _, template] = kind.arn().parts()?;
        let service = if *service == "*" { name.split(':').next()? } else { service };
        let named = usual_names(kind, template, target).into_iter().next()?;
        Some(Resource { arn: parts.arn(service, &named), kind: Some(kind.name()) })
    });
    of_type.collect()
}

/// Whether a resource that lives in a cluster lives in the one that the target asks for.
fn is_on_cluster(kind: &ResourceType, name: &str, target: &Target<'_>) -> bool {
    let Some(cluster) = target.cluster.filter(|_| IN_CLUSTERS.contains(&kind.name())) else {
        return true;
    };
    name.split('/').nth(1).is_some_and(|first| crate::environments::names_word(first, cluster))
}

/// Resources that a statement spells, its wildcards filled in, whatever environment they belong to; then an example of
/// each type, where the statement covers it.
pub(super) fn written(
    statement: &Statement,
    action: Option<&'static Action>,
    account: Option<&str>,
    target: &Target<'_>,
    context: &Context,
) -> Vec<Resource> {
    let types = action.map(Action::resource_types).unwrap_or_default();
    let mut found: Vec<Resource> = Vec::new();
    let mut add = |arn: String, kind: Option<&'static str>| {
        if statement.covers_resource(&arn, context) != Truth::No {
            found.push(Resource { arn, kind });
        }
    };
    if types.is_empty() {
        add("*".to_owned(), None);
    }
    let filled = statement.filled_resources(context);
    for pattern in filled.iter().filter(|_| !statement.is_not_resource()) {
        let parts = Parts::of(pattern, account);
        let name = parts.name.replace('*', EXAMPLE).replace('?', "x");
        if types.is_empty() {
            add(parts.arn(parts.service, &name), None);
        }
        for kind in types.iter().filter(|kind| target.takes(kind.name())) {
            let Some([_, _, service, ..]) = kind.arn().parts() else { continue };
            let arn = parts.arn(service, &name);
            if kind.arn().matches(&arn) {
                add(arn, Some(kind.name()));
            }
        }
    }
    for kind in types.iter().filter(|kind| target.takes(kind.name())) {
        if let Some([_, _, service, _, _, template]) = kind.arn().parts() {
            add(
                Parts::of("*", account).arn(service, &template.replace('*', EXAMPLE)),
                Some(kind.name()),
            );
        }
    }
    found
}

/// What stands for a wildcard that any name fills.
const EXAMPLE: &str = "example";

/// Names of the target's environment in the shape of a type: `service/prod/prod-orders`.
fn usual_names(kind: &ResourceType, template: &str, target: &Target<'_>) -> Vec<String> {
    let environment = target.environment;
    let name = format!("{environment}-orders");
    let fill = |first: &str, other: &str| {
        let of_cluster = IN_CLUSTERS.contains(&kind.name());
        template
            .replacen('*', if of_cluster { first } else { other }, 1)
            .replace(":*", ":7")
            .replace('*', other)
    };
    let cluster = target.cluster.unwrap_or(environment);
    let fleet = format!("fleet-{cluster}");
    let path = format!("ecs/{environment}/orders");
    let mut names = vec![fill(cluster, &name), fill(&fleet, &name), fill(cluster, environment)];
    if !IN_CLUSTERS.contains(&kind.name()) {
        names.push(fill(&path, &path));
    }
    if kind.name() == "log-group" {
        names.push(format!("log-group:/ecs/{environment}/orders"));
    }
    names
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
    fn of(pattern: &'p str, account: Option<&'p str>) -> Self {
        let mut parts = pattern.splitn(6, ':');
        let open = |part: &str| part.is_empty() || part.contains(['*', '?']);
        let mut next = |usual: &'p str| match parts.next() {
            Some(part) if !open(part) => part,
            _ => usual,
        };
        let _arn = next("arn");
        let (partition, service, region) = (next("aws"), next("*"), next(REGION));
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

    /// Usual names, then the pattern with the environment in place of its wildcards; a pattern without wildcards only
    /// if it names the environment.
    fn names(&self, usual: &[String], target: &Target<'_>) -> Vec<String> {
        let mut names = usual.to_vec();
        if self.name == "*" {
            return names;
        }
        let environment = target.environment;
        let wild = self.name.contains(['*', '?']);
        if wild {
            let first = self.name.replacen('*', environment, 1).replace('?', "x");
            names.push(first.replace('*', &format!("{environment}-orders")));
            names.push(self.name.replace('*', environment).replace('?', "x"));
            names.push(self.name.replace('*', "7").replace('?', "x"));
            // A pattern without a word of its own could be anybody's.
            names.retain(|name| crate::environments::names_word(name, environment));
        } else if crate::environments::names_word(self.name, environment) {
            names.push(self.name.to_owned());
        }
        names
    }
}
