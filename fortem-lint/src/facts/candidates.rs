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
    let open = vec!["*".to_owned()];
    let patterns =
        if statement.is_not_resource() || patterns.is_empty() { &open } else { &patterns };
    for pattern in patterns {
        let parts = Parts::of(pattern, account);
        if parts.names_another(target, environments)
            || parts.names_own(target, environments, context)
        {
            continue;
        }
        if types.is_empty() {
            let service = name.split(':').next().unwrap_or_default();
            let general =
                [target.environment.to_owned(), format!("resource/{}", target.environment)];
            let names = parts.names(&general, target);
            names.into_iter().for_each(|resource| add(parts.arn(service, &resource), None));
        }
        for kind in types.iter().filter(|kind| target.takes(kind.name())) {
            let Some([_, _, service, _, _, template]) = kind.arn().parts() else { continue };
            let names = parts.names(&usual_names(kind, template, target), target);
            names
                .into_iter()
                .filter(|resource| kind.arn().matches(&parts.arn(service, resource)))
                .for_each(|resource| add(parts.arn(service, &resource), Some(kind.name())));
        }
    }
    found
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
    let fleet = format!("fleet-{environment}");
    let path = format!("ecs/{environment}/orders");
    let mut names = vec![
        fill(environment, &name),
        fill(&fleet, &name),
        fill(environment, environment),
        fill(&path, &path),
    ];
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

    /// Whether the pattern itself names an environment, and not the target's.
    fn names_another(&self, target: &Target<'_>, environments: &Environments) -> bool {
        let named = environments.named_in(self.name);
        // What nothing else names may still be an environment by its usual name.
        let usual = || crate::environments::names_usual_word(self.name);
        !named.iter().any(|one| one.name == target.environment) && (!named.is_empty() || usual())
    }

    /// Whether the pattern names the environment of the caller's tag, which need not be a known one, and not the
    /// target's.
    fn names_own(
        &self,
        target: &Target<'_>,
        environments: &Environments,
        context: &Context,
    ) -> bool {
        let own = context.get(&format!("aws:PrincipalTag/{}", environments.tag_key()));
        let names = |name: &str| crate::environments::names_word(self.name, name);
        own.is_some_and(|own| own.as_slice().iter().any(|own| names(own)))
            && !names(target.environment)
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
