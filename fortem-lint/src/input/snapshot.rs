//! The folder of a snapshot; see [`crate::snapshot`].

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use fortem_compile::iam::Json;

use super::inventory::{self, AccessKeys};
use super::{
    Entry, Input, InputError, Kind, NotAssessed, Reading, read_text, recognise, shown, some,
};
use crate::organization::{Node, Organization, TagPolicy};
use crate::snapshot::{
    Account, EffectivePolicyAnswer, IAM, Item, MANIFEST, Manifest, ORGANIZATION, Resources, SCHEMA,
    TAG_POLICY, Unread, VERSION,
};
use crate::source::{Place, Source, digest};
use crate::unit::Unit;

/// The name of the file with the users' access keys.
const CREDENTIALS: &str = "credentials.json";

/// Whether a folder has the manifest of a snapshot.
pub(super) fn is_one(folder: &Path) -> bool {
    #[derive(serde::Deserialize)]
    struct Head {
        schema: String,
    }
    let text = fs::read_to_string(folder.join(MANIFEST)).unwrap_or_default();
    // A manifest that is cut off is still one, and reading it says what is wrong.
    serde_json::from_str::<Head>(&text)
        .map_or_else(|error| error.is_eof() && text.contains(SCHEMA), |head| head.schema == SCHEMA)
}

/// Reads a snapshot, which findings call by a name: one unit for each account.
pub(super) fn read(folder: &Path, name: &str) -> Reading {
    let mut reader = Reader {
        folder,
        name,
        digests: String::new(),
        bytes: 0,
        not_assessed: Vec::new(),
        manifest: Source::new(format!("{name}/{MANIFEST}"), String::new()),
    };
    let units = match reader.manifest() {
        Ok(manifest) => reader.units(&manifest),
        Err(error) => {
            reader.note(format!("{name}/{MANIFEST}"), error.to_string());
            Vec::new()
        }
    };
    let organization = reader.organization();
    let sha256 = digest(&reader.digests);
    let input = Input { file: name.to_owned(), kind: Kind::Snapshot, sha256, bytes: reader.bytes };
    let not_assessed = reader.not_assessed;
    Reading { input, units, organization, not_assessed, is_truncated: false }
}

struct Reader<'f> {
    folder: &'f Path,
    // What findings call it.
    name: &'f str,
    // Name and digest of each file that was read.
    digests: String,
    bytes: u64,
    not_assessed: Vec<NotAssessed>,
    // The text of the manifest, for the places of what it says.
    manifest: Source,
}

impl Reader<'_> {
    fn note(&mut self, what: String, why: impl Into<String>) {
        self.not_assessed.push(NotAssessed { what, why: why.into(), incomplete: true });
    }

    /// A path of the snapshot as findings show it.
    fn shown(&self, path: &Path) -> String {
        match path.strip_prefix(self.folder) {
            Ok(rest) if rest.as_os_str().is_empty() => self.name.to_owned(),
            Ok(rest) => format!("{}/{}", self.name.trim_end_matches('/'), shown(rest)),
            Err(_) => shown(path),
        }
    }

    fn source(&mut self, path: &Path) -> Result<Source, InputError> {
        let text = read_text(&Entry::File { path: path.to_owned(), named: true })?;
        let source = Source::new(self.shown(path), text);
        let name = path.strip_prefix(self.folder).map(shown).unwrap_or_default();
        self.digests.extend([digest(source.text()), " ".to_owned(), name, "\n".to_owned()]);
        self.bytes += source.text().len() as u64;
        Ok(source)
    }

    fn manifest(&mut self) -> Result<Manifest, InputError> {
        let source = self.source(&self.folder.join(MANIFEST))?;
        let manifest: Manifest =
            serde_json::from_str(source.text()).map_err(|error| InputError::json(&error))?;
        self.manifest = source;
        if manifest.version > VERSION {
            let message =
                format!("of version {}; this program reads up to {VERSION}", manifest.version);
            return Err(InputError::Shape { kind: Kind::Snapshot, message });
        }
        Ok(manifest)
    }

    fn units(&mut self, manifest: &Manifest) -> Vec<Unit> {
        if manifest.run.as_ref().is_some_and(|run| !run.is_finished) {
            let manifest = self.shown(&self.folder.join(MANIFEST));
            self.note(manifest, "says that the collection was stopped before its end");
        }
        self.failed_calls(manifest);
        let mut folders = self.names(self.folder);
        folders.retain(|name| name != MANIFEST && name != ORGANIZATION && !name.starts_with('.'));
        for name in folders {
            if !manifest.accounts.iter().any(|account| account.id == name) {
                self.note(self.shown(&self.folder.join(name)), format!("is not in {MANIFEST}"));
            }
        }
        let mut units: Vec<Unit> =
            manifest.accounts.iter().map(|account| self.unit(manifest, account)).collect();
        let mut others: Vec<&str> =
            manifest.unread.iter().map(|one| one.account.as_str()).collect();
        others.retain(|id| !id.is_empty() && !manifest.accounts.iter().any(|one| one.id == *id));
        others.sort_unstable();
        others.dedup();
        for id in others {
            let mut unit = Unit { account: Some(id.to_owned()), ..Unit::default() };
            self.unread(&mut unit, manifest, id);
            units.push(unit);
        }
        units
    }

    /// Notes the calls that failed: those that failed in the same way once for all Regions and accounts.
    fn failed_calls(&mut self, manifest: &Manifest) {
        let mut of_accounts: BTreeMap<_, (Vec<String>, &str)> = BTreeMap::new();
        for one in &manifest.unread {
            let code = one.reason.split(':').next().unwrap_or_default();
            let key = (&one.service, &one.call, code, &one.account);
            let (regions, _) = of_accounts.entry(key).or_insert_with(|| (Vec::new(), &one.reason));
            regions.extend((!one.region.is_empty()).then(|| one.region.clone()));
        }
        let mut same: BTreeMap<_, (Vec<String>, &str)> = BTreeMap::new();
        for ((service, call, code, account), (regions, reason)) in of_accounts {
            let key = (service, call, code, regions);
            same.entry(key).or_insert_with(|| (Vec::new(), reason)).0.push(account.clone());
        }
        for ((service, call, _, regions), (accounts, reason)) in same {
            let place =
                if regions.is_empty() { String::new() } else { format!(" in {}", some(&regions)) };
            let accounts = some(&accounts);
            let what = format!("{service}:{call}{place} of account {accounts}");
            self.note(what, format!("could not be read: {reason}"));
        }
    }

    /// What the manifest says that could not be read of an account.
    fn unread(&self, unit: &mut Unit, manifest: &Manifest, account: &str) {
        #[derive(serde::Deserialize)]
        struct Entries<'t> {
            #[serde(borrow, default)]
            unread: Vec<&'t serde_json::value::RawValue>,
        }
        let text = self.manifest.text();
        let entries = serde_json::from_str(text).unwrap_or(Entries { unread: Vec::new() });
        for (at, (one, raw)) in manifest.unread.iter().zip(entries.unread).enumerate() {
            if one.account == account {
                let start = self.manifest.offset_of(raw.get()).unwrap_or_default();
                let range = start..start + raw.get().len();
                let pointer = format!("/unread/{at}");
                let mut item = Item::from(one.clone());
                item.place = Some(Place { source: unit.sources.len(), range, pointer });
                unit.unread.push(item);
            }
        }
        if !unit.unread.is_empty() {
            unit.sources.push(Source::new(self.manifest.name(), text.to_owned()));
        }
    }

    /// The names of the files and folders in a folder, sorted.
    fn names(&mut self, folder: &Path) -> Vec<String> {
        let listed = fs::read_dir(folder).and_then(Iterator::collect::<Result<Vec<_>, _>>);
        let mut names: Vec<String> = match listed {
            Ok(entries) => {
                entries.iter().map(|one| one.file_name().to_string_lossy().into_owned()).collect()
            }
            Err(error) => {
                self.note(self.shown(folder), format!("cannot be listed: {error}"));
                Vec::new()
            }
        };
        names.sort();
        names
    }

    fn unit(&mut self, manifest: &Manifest, account: &Account) -> Unit {
        let folder = self.folder.join(&account.id);
        let names = self.names(&folder);
        let mut unit = self.iam(account, &folder, &names);
        unit.account = Some(account.id.clone());
        unit.account_name.clone_from(&account.name);
        if names.iter().any(|name| name == CREDENTIALS) {
            self.access_keys(&mut unit, &folder.join(CREDENTIALS));
        }
        for region in account.regions.as_ref().unwrap_or(&manifest.regions) {
            let told = manifest
                .unread
                .iter()
                .any(|one| one.account == account.id && one.region == *region);
            if !told && !names.contains(&format!("{region}.json")) {
                self.note(format!("{region} of account {}", account.id), "is not in the snapshot");
                unit.unread.push(absent(account, region, "the file of the Region is not there"));
            }
        }
        unit.is_management = manifest.management_account.as_ref() == Some(&account.id);
        if !names.iter().any(|name| name == IAM) {
            unit.unread.push(absent(account, "", &format!("`{IAM}` is not there")));
        }
        let mut resources = Resources { regions: Vec::new(), is_whole: true };
        if names.iter().any(|name| name == TAG_POLICY) {
            self.tag_policy(&mut unit, &folder.join(TAG_POLICY));
        }
        let others = [IAM, CREDENTIALS, TAG_POLICY];
        for name in names.iter().filter(|name| !others.contains(&name.as_str())) {
            self.region(&mut unit, &mut resources, &folder.join(name), account);
        }
        unit.resources = Some(resources);
        self.unread(&mut unit, manifest, &account.id);
        unit
    }

    /// The tree of the Organization, if the snapshot has it.
    fn organization(&mut self) -> Option<Organization> {
        let path = self.folder.join(ORGANIZATION);
        if !path.exists() {
            return None;
        }
        match self.source(&path).and_then(recognise::units) {
            Ok(read) if read.organization.is_some() => {
                let nodes = read.organization.iter().flat_map(|one| &one.nodes);
                self.not_assessed.extend(nodes.filter_map(not_active));
                read.organization
            }
            Ok(read) => {
                self.note(
                    self.shown(&path),
                    format!("is {}, and not {}", read.kind, Kind::Organization),
                );
                None
            }
            Err(error) => {
                self.note(self.shown(&path), error.to_string());
                None
            }
        }
    }

    /// Users, roles, groups and policies.
    fn iam(&mut self, account: &Account, folder: &Path, names: &[String]) -> Unit {
        if !names.iter().any(|name| name == IAM) {
            self.note(format!("{IAM} of account {}", account.id), "is not in the snapshot");
            return Unit::default();
        }
        let path = folder.join(IAM);
        match self.source(&path).and_then(recognise::units) {
            Ok(mut read) if read.kind == Kind::AuthorizationDetails => {
                self.not_assessed.extend(read.not_assessed);
                read.units.pop().unwrap_or_default()
            }
            Ok(read) => {
                self.note(
                    self.shown(&path),
                    format!("is {}, and not {}", read.kind, Kind::AuthorizationDetails),
                );
                Unit::default()
            }
            Err(error) => {
                self.note(self.shown(&path), error.to_string());
                Unit::default()
            }
        }
    }

    fn access_keys(&mut self, unit: &mut Unit, path: &Path) {
        let read = self.source(path).and_then(|source| {
            serde_json::from_str(source.text()).map_err(|error| InputError::json(&error))
        });
        let keys: AccessKeys = match read {
            Ok(keys) => keys,
            Err(error) => return self.note(self.shown(path), error.to_string()),
        };
        let users = unit.principals.iter_mut();
        for user in users.filter(|one| one.kind == crate::unit::PrincipalKind::User) {
            let of_user = keys.access_key_metadata.iter().filter(|key| key.user_name == user.name);
            user.access_keys = Some(of_user.filter(|key| key.status != "Inactive").count());
        }
    }

    /// The tag policy in effect for the account.
    fn tag_policy(&mut self, unit: &mut Unit, path: &Path) {
        let read = self.source(path).and_then(|source| {
            let answer: EffectivePolicyAnswer =
                serde_json::from_str(source.text()).map_err(|error| InputError::json(&error))?;
            let policy = answer.effective_policy;
            let content = Json::parse(&policy.policy_content).map_err(|error| {
                let message = format!("its policy is not JSON: {error}");
                InputError::Shape { kind: Kind::Snapshot, message }
            })?;
            Ok((source, content, policy.target_id))
        });
        match read {
            Ok((source, content, account)) => {
                let place = Place {
                    source: unit.sources.len(),
                    range: 0..source.text().trim_end().len(),
                    pointer: "/EffectivePolicy/PolicyContent".to_owned(),
                };
                let name = "in effect".to_owned();
                unit.tag_policy = Some(TagPolicy { name, targets: vec![account], content, place });
                unit.sources.push(source);
            }
            Err(error) => self.note(self.shown(path), error.to_string()),
        }
    }

    fn region(
        &mut self,
        unit: &mut Unit,
        resources: &mut Resources,
        path: &Path,
        account: &Account,
    ) {
        let read = self.source(path).and_then(|source| {
            let (inventory, problems) = inventory::inventory(&source, unit.sources.len())?;
            Ok((source, inventory, problems))
        });
        match read {
            Ok((source, mut inventory, problems)) => {
                inventory.account = Some(account.id.clone());
                let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
                inventory.region = stem;
                self.not_assessed.extend(problems);
                unit.sources.push(source);
                resources.regions.push(inventory);
            }
            Err(error) => self.note(self.shown(path), error.to_string()),
        }
    }
}

/// That an account is not active, so that nobody reads it.
fn not_active(node: &Node) -> Option<NotAssessed> {
    let state = node.state.as_ref()?;
    let what = format!("account {} ({})", node.id, node.name);
    Some(NotAssessed { what, why: format!("is not active: {state}"), incomplete: false })
}

/// Something that a snapshot should have and has not.
fn absent(account: &Account, region: &str, reason: &str) -> Item<Unread> {
    Item::from(Unread {
        account: account.id.clone(),
        region: region.to_owned(),
        reason: reason.to_owned(),
        ..Unread::default()
    })
}
