//! The solver: another process, asked one question at a time.

use std::path::Path;

use cedar_policy::{PolicySet, RequestEnv, Schema};
use cedar_policy_symcc::err::Error;
use cedar_policy_symcc::solver::LocalSolver;
use cedar_policy_symcc::{CedarSymCompiler, CompiledPolicySet, Env};
use tokio::process::Command;
use tokio::runtime::{Builder, Runtime};

use super::error::ProveError;

/// How long one question may take, in milliseconds.
const LIMIT: u32 = 60_000;

/// A running solver.
pub(super) struct Solver {
    runtime: Runtime,
    compiler: CedarSymCompiler<LocalSolver>,
}

impl std::fmt::Debug for Solver {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Solver").finish_non_exhaustive()
    }
}

impl Solver {
    pub(super) fn start(program: &Path) -> Result<Self, ProveError> {
        let failed = |source| ProveError::Start { program: program.display().to_string(), source };
        let runtime = Builder::new_current_thread().enable_all().build().map_err(failed)?;
        let mut command = Command::new(program);
        command.args(["--lang", "smt", &format!("--tlimit-per={LIMIT}")]).kill_on_drop(true);
        let compiler = {
            let _inside = runtime.enter();
            LocalSolver::from_command(&mut command)
                .map_err(Error::from)
                .and_then(CedarSymCompiler::new)
        };
        let compiler = compiler.map_err(|error| failed(std::io::Error::other(error)))?;
        Ok(Self { runtime, compiler })
    }

    /// A request that the premise allows and the conclusion denies, if there is one.
    pub(super) fn counterexample(
        &mut self,
        premise: &Compiled,
        conclusion: &Compiled,
    ) -> Result<Option<Env>, Box<Error>> {
        let query = self
            .compiler
            .check_implies_with_counterexample_opt(&premise.symbolic, &conclusion.symbolic);
        Ok(self.runtime.block_on(query)?)
    }

    /// Whether no request at all is allowed.
    pub(super) fn allows_nothing(&mut self, policies: &Compiled) -> Result<bool, Box<Error>> {
        Ok(self.runtime.block_on(self.compiler.check_always_denies_opt(&policies.symbolic))?)
    }
}

/// Policies for one request environment, as the authorizer and as the solver take them.
#[derive(Debug)]
pub(super) struct Compiled {
    pub(super) policies: PolicySet,
    symbolic: CompiledPolicySet,
}

impl Compiled {
    pub(super) fn new(
        policies: PolicySet,
        environment: &RequestEnv,
        schema: &Schema,
    ) -> Result<Self, Box<Error>> {
        let symbolic = CompiledPolicySet::compile(&policies, environment, schema)?;
        Ok(Self { policies, symbolic })
    }
}
