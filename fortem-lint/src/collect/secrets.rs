//! The tags of the secrets and parameters that task definitions name, through the Resource Groups Tagging API: their names
//! are known, and their values are nobody's business.

use std::collections::BTreeMap;
use std::pin::pin;

use aws_sdk_resourcegroupstagging::Client;
use futures_util::{Stream, StreamExt};

use super::calls;
use super::region::Region;
use crate::snapshot::{Parameter, Secret, Tags};

const SECRETS: &str = "secrets";
const PARAMETERS: &str = "parameters";

/// Types as the tagging API calls them.
const TYPES: [&str; 2] = ["secretsmanager:secret", "ssm:parameter"];

impl Region<'_> {
    /// Reads the tags of what task definitions take values from. What never had a tag is not in the answer of the tagging
    /// API, and has none (Resource Groups Tagging API reference, `GetResources`, 2026-09).
    pub(super) async fn secrets(&self, named: impl Stream<Item = String>) {
        let here = named.filter_map(async |one| self.reference(&one));
        let mut here = pin!(here);
        let Some(first) = here.next().await else { return self.declare_secrets() };
        let (tagged, others) = tokio::join!(self.tagged(), here.collect::<Vec<Reference>>());
        let Some(tagged) = tagged else { return };
        self.declare_secrets();
        for one in others.into_iter().chain([first]) {
            let tags = tagged.iter().find(|(arn, _)| one.is_of(arn)).map(|(_, tags)| tags.clone());
            let tags = Some(tags.unwrap_or_default());
            let (name, arn) = (one.name, one.arn);
            match one.kind {
                Kind::Secret => {
                    self.part.push(SECRETS, &arn, &Secret { name, arn: arn.clone(), tags });
                }
                Kind::Parameter => {
                    self.part.push(PARAMETERS, &arn, &Parameter { name, arn: arn.clone(), tags });
                }
            }
        }
    }

    /// The tags of all secrets and parameters that have some, by ARN.
    async fn tagged(&self) -> Option<BTreeMap<String, Tags>> {
        let client = Client::new(&self.config);
        let mut tagged = BTreeMap::new();
        let send = |token| {
            let types = TYPES.iter().map(|one| (*one).to_owned()).collect();
            let call = client.get_resources().set_resource_type_filters(Some(types));
            call.resources_per_page(100).set_pagination_token(token).send()
        };
        let listed = self.caller.pages(&calls::TAGGED, send, |page| {
            for one in page.resource_tag_mapping_list.unwrap_or_default() {
                let tags = one.tags.unwrap_or_default().into_iter();
                let tags = Tags::new(tags.map(|tag| (tag.key, tag.value)).collect());
                tagged.insert(one.resource_arn.unwrap_or_default(), tags);
            }
            page.pagination_token
        });
        let listed = listed.await;
        self.part.take(&calls::TAGGED, &[SECRETS, PARAMETERS], "", listed)?;
        Some(tagged)
    }

    fn declare_secrets(&self) {
        self.part.declare(SECRETS);
        self.part.declare(PARAMETERS);
    }

    /// What a reference means; none if it is of another account or Region.
    fn reference(&self, text: &str) -> Option<Reference> {
        if !text.starts_with("arn:") {
            let name = text.to_owned();
            let arn = format!("{}:parameter/{}", self.arn("ssm"), name.trim_start_matches('/'));
            return Some(Reference { kind: Kind::Parameter, name, arn });
        }
        let parts: Vec<&str> = text.splitn(8, ':').collect();
        let [_, _, service, region, account, rest @ ..] = parts.as_slice() else { return None };
        if *region != &*self.caller.region || *account != &*self.caller.account {
            return None;
        }
        match (*service, rest) {
            ("secretsmanager", ["secret", name, ..]) => {
                let arn = format!("{}:secret:{name}", self.arn("secretsmanager"));
                Some(Reference { kind: Kind::Secret, name: plain(name).to_owned(), arn })
            }
            ("ssm", [parameter, ..]) => {
                let name = parameter.strip_prefix("parameter")?.to_owned();
                Some(Reference { kind: Kind::Parameter, name, arn: text.to_owned() })
            }
            _ => None,
        }
    }
}

enum Kind {
    Secret,
    Parameter,
}

/// A secret or parameter that a task definition names.
struct Reference {
    kind: Kind,
    name: String,
    arn: String,
}

impl Reference {
    /// Whether an ARN is its own; that of a secret may be written without the six characters at its end.
    fn is_of(&self, arn: &str) -> bool {
        let is_whole = matches!(self.kind, Kind::Secret) && plain(arn) == self.arn;
        arn == self.arn || is_whole
    }
}

/// The name of a secret without the hyphen and six characters that Secrets Manager adds in its ARN.
fn plain(name: &str) -> &str {
    match name.rsplit_once('-') {
        Some((name, suffix))
            if suffix.len() == 6 && suffix.bytes().all(|one| one.is_ascii_alphanumeric()) =>
        {
            name
        }
        _ => name,
    }
}
