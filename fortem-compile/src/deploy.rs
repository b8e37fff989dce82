//! The documents as resources that tools make in AWS: a Terraform module, or CloudFormation templates.
//!
//! Both make the IAM policies and the permissions boundaries, and a role for each environment that somebody
//! has a role in, with the environment's tag. Who may assume it is not for the compiler to say: a role is
//! made only where it is given a trust policy, so nothing is open that nobody opened. What belongs to the
//! organization (service control policies, the tag policy) is a module and templates of its own, since it is
//! made in another account.

mod cloudformation;
mod plan;
mod terraform;

use std::collections::BTreeSet;

use fortem_core::{Problem, Problems, Source};

use self::plan::Plan;
use crate::output::{Artifact, OutputFile};

/// In which form documents are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Format {
    /// A file each, as AWS's own commands take them.
    Json,
    /// A Terraform module, `terraform/`, in Terraform's JSON syntax.
    Terraform,
    /// CloudFormation templates, `cloudformation/`.
    CloudFormation,
}

impl Format {
    /// Every format.
    pub const ALL: [Self; 3] = [Self::Json, Self::Terraform, Self::CloudFormation];

    /// The name, which is that of its folder as well; the documents of `json` each have the folder of their
    /// kind.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Terraform => "terraform",
            Self::CloudFormation => "cloudformation",
        }
    }
}

/// The documents in some formats.
///
/// What Terraform and CloudFormation are not given (trust policies, permission sets, users of caches, rules
/// of Config) is a file whatever the format.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use fortem_compile::deploy::{self, Format};
/// use fortem_compile::target::{self, Target};
/// use fortem_core::Source;
///
/// let source = Source::load("../policies")?;
/// let compiled = fortem_compile::compile(&source, &["exec".to_owned()])?;
/// let targets = target::targets(&source, &compiled, &[Target::Identity])?;
/// let files = deploy::files(&source, &targets.artifacts, &[Format::Terraform])?;
/// assert_eq!(files[0].0, "terraform/main.tf.json");
/// assert!(files[0].1.contains("$${aws:PrincipalTag/Environment}"));
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// When a role or policy would have a name that IAM does not take or that another has already, or a file
/// the path of another.
pub fn files(
    source: &Source,
    artifacts: &[Artifact],
    formats: &[Format],
) -> Result<Vec<OutputFile>, Problems> {
    let asked = |format: Format| formats.contains(&format);
    let plan = Plan::of(source, artifacts);
    let own = artifacts.iter().filter(|one| asked(Format::Json) || !plan::is_planned(one));
    let mut files: Vec<OutputFile> = own.map(|one| (one.file.clone(), one.text.clone())).collect();
    if formats.iter().any(|format| *format != Format::Json) {
        plan.check()?;
    }
    if asked(Format::Terraform) {
        files.extend(terraform::files(&plan));
    }
    if asked(Format::CloudFormation) {
        files.extend(cloudformation::files(&plan));
    }
    Problems::unless(written_twice(&files), files)
}

/// `staging-2.json` is the second document for `staging`, and the first for an environment of that name.
fn written_twice(files: &[OutputFile]) -> Vec<Problem> {
    let mut seen = BTreeSet::new();
    let repeated: BTreeSet<&String> =
        files.iter().map(|(path, _)| path).filter(|path| !seen.insert(*path)).collect();
    let problem = |path: &String| {
        let message = format!("two documents would be written to `{path}`");
        Problem::new("fortem::output::same_file", message)
            .help("give one of the roles, or environments, another name")
    };
    repeated.into_iter().map(problem).collect()
}
